package train

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
)

// relabeled returns the set with the labels to train on: permuted, then partly replaced by wrong
// ones, as in c.
func relabeled(set dataset.Set, c Config) dataset.Set {
	if c.ShuffleLabels {
		set = dataset.Shuffled(set, c.Seed)
	}
	if c.LabelNoise == 0 {
		return set
	}
	classes := len(set.Classes())
	random := stream(c.Seed, forNoise, 0)
	labels := make([]int, set.Len())
	for i := range labels {
		labels[i] = set.Label(i)
		// Both are drawn for every image, so that a larger noise fraction changes a superset of the
		// labels a smaller one does.
		wrong, by := random.Float64() < c.LabelNoise, 1+random.IntN(classes-1)
		if wrong {
			labels[i] = (labels[i] + by) % classes
		}
	}
	return dataset.Relabeled(set, labels)
}

// keepLabels writes the labels of set to the run folder if they differ from the dataset's. It is an
// error if the folder has others: a run resumes with the labels it was started with.
func keepLabels(dir string, set dataset.Set, c Config) error {
	if !c.ShuffleLabels && c.LabelNoise == 0 {
		return nil
	}
	path := filepath.Join(dir, LabelsFile)
	if _, err := os.Stat(path); err == nil {
		kept, err := KeptLabels(dir, set)
		if err != nil {
			return err
		}
		for i := range set.Len() {
			if kept.Label(i) != set.Label(i) {
				return fmt.Errorf("%s: label %d is %d, but %d in the dataset: restore the data, or use another folder with --run", path, i, kept.Label(i), set.Label(i))
			}
		}
		return nil
	}
	labels := make([]int, set.Len())
	for i := range labels {
		labels[i] = set.Label(i)
	}
	return checkpoints.WriteAtomic(path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(labels)
	})
}

// KeptLabels returns set, the training images of a run, with the labels in its folder, or set if
// there are none.
func KeptLabels(dir string, set dataset.Set) (dataset.Set, error) {
	path := filepath.Join(dir, LabelsFile)
	text, err := checkpoints.ReadRegular(path)
	if os.IsNotExist(err) {
		return set, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	var labels []int
	if err := json.Unmarshal(text, &labels); err != nil {
		return nil, fmt.Errorf("%s: not a list of labels: %w", path, err)
	}
	if len(labels) != set.Len() {
		return nil, fmt.Errorf("%s: %d labels for %d training images: use the dataset of the run", path, len(labels), set.Len())
	}
	for i, label := range labels {
		if label < 0 || label >= len(set.Classes()) {
			return nil, fmt.Errorf("%s: label %d of image %d is not below %d, the number of classes", path, label, i, len(set.Classes()))
		}
	}
	return dataset.Relabeled(set, labels), nil
}
