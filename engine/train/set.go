package train

import (
	"fmt"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
)

// trainingSet is the whole images that are trained on, with the labels that are.
func trainingSet(c Config, data *dataset.Data) (dataset.Set, error) {
	set := data.Train
	switch {
	case set == nil:
		return nil, fmt.Errorf("%s has no training images: put them in a folder named train", data.Name)
	case len(set.Classes()) < 2:
		return nil, fmt.Errorf("%s has fewer than two classes to tell apart", data.Name)
	}
	if ch, _, _ := set.Shape(); ch == 0 {
		return nil, fmt.Errorf("the images of %s differ in size: resize them to one size first", data.Name)
	}
	if c.Limit > 0 && c.Limit < set.Len() {
		set = dataset.Subset(set, c.Limit)
	}
	for i := range set.Len() {
		if label := set.Label(i); label < 0 || label >= len(set.Classes()) {
			return nil, fmt.Errorf("training image %s of %s has no label", set.Title(i), data.Name)
		}
	}
	return relabeled(set, c), nil
}

// newModel is the untrained model for the set.
func newModel(c Config, set dataset.Set) (*model.Model, error) {
	ch, h, w := set.Shape()
	m, err := model.New(c.Net, [3]int{ch, h, w}, set.Classes(), schemes[c.Init], c.Seed)
	if err == nil && c.FixedNorms && !m.HasBatchNorm() {
		return nil, fmt.Errorf("%s has no batch norm whose γ and β could be fixed: use the net's form with batch norm", c.Net)
	}
	return m, err
}
