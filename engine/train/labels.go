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

// relabeled is the set with the labels it is trained on: permuted, then some of them made
// wrong, if c asks for it; else the set itself.
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
		// Both are drawn for every image, so that of two shares of noise the larger one
		// spoils what the smaller one does, and more.
		wrong, by := random.Float64() < c.LabelNoise, 1+random.IntN(classes-1)
		if wrong {
			labels[i] = (labels[i] + by) % classes
		}
	}
	return dataset.Relabeled(set, labels)
}

// keepLabels writes the labels of set, which are trained on, into the run folder, if they
// are not the data's own. Where the folder keeps others it is an error: a run goes on with
// the labels it was begun with.
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
				return fmt.Errorf("%s: label %d is %d, the data's is %d now: put the data back, or name another folder with --run", path, i, kept.Label(i), set.Label(i))
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

// KeptLabels is the training images of a run, set, with the labels its folder keeps; set
// itself where it keeps none.
func KeptLabels(dir string, set dataset.Set) (dataset.Set, error) {
	path := filepath.Join(dir, LabelsFile)
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return set, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	var labels []int
	if err := json.Unmarshal(text, &labels); err != nil {
		return nil, fmt.Errorf("%s: it is no list of labels: %w", path, err)
	}
	if len(labels) != set.Len() {
		return nil, fmt.Errorf("%s: it has %d labels, the data has %d training images: the run was of other data", path, len(labels), set.Len())
	}
	for i, label := range labels {
		if label < 0 || label >= len(set.Classes()) {
			return nil, fmt.Errorf("%s: label %d of image %d is not one of %d classes", path, label, i, len(set.Classes()))
		}
	}
	return dataset.Relabeled(set, labels), nil
}
