package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
)

// trainingSet returns the whole training images with the labels to train on.
func trainingSet(c Config, data *dataset.Data) (dataset.Set, error) {
	set := data.Train
	switch {
	case set == nil:
		return nil, fmt.Errorf("%s has no training images: add them in a folder named train", data.Name)
	case len(set.Classes()) < 2:
		return nil, fmt.Errorf("%s has fewer than two classes", data.Name)
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

// newModel is the model a run in dir starts with: untrained, or that of a file, which may be open.
func newModel(c Config, set dataset.Set, dir string, open *model.Model) (*model.Model, error) {
	ch, h, w := set.Shape()
	var m *model.Model
	var err error
	if c.Model != "" {
		m, err = startModel(c, set, dir, open)
	} else {
		m, err = model.New(c.Net, [3]int{ch, h, w}, set.Classes(), schemes[c.Init], c.Seed)
	}
	if err != nil {
		return nil, err
	}
	if _, err := c.frozen(m.Net); err != nil {
		return nil, err
	}
	if c.FixedNorms && !m.HasBatchNorm() {
		return nil, fmt.Errorf("%s has no batch norm to fix γ and β of: use the variant with batch norm", m.Net.Name)
	}
	return m, nil
}

// startModel is the model of c.Model, or the copy of it that a run keeps. It must take the set's
// images and have as many classes; its outputs are the set's classes from then on.
func startModel(c Config, set dataset.Set, dir string, open *model.Model) (*model.Model, error) {
	path := filepath.Join(dir, StartFile)
	_, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh {
		path = c.Model
	}
	var m *model.Model
	if fresh && open != nil {
		m = open.Clone()
	} else {
		said := model.Description{}
		if fresh {
			said.Mean, said.Std = c.Mean, c.Std
		}
		if m, err = model.LoadAs(path, said); err != nil {
			return nil, err
		}
	}
	ch, h, w := set.Shape()
	if m.Net.Input != [3]int{ch, h, w} {
		return nil, fmt.Errorf("%s: it takes images of %d×%d×%d, the data has %d×%d×%d: use other data or another model", path, m.Net.Input[0], m.Net.Input[1], m.Net.Input[2], ch, h, w)
	}
	if n := len(set.Classes()); n != m.Net.Classes {
		return nil, fmt.Errorf("%s: it has %d outputs, the data has %d classes: use other data or another model", path, m.Net.Classes, n)
	}
	m.Classes = slices.Clone(set.Classes())
	return m, nil
}

// keepStart keeps the model a run starts with, so that the run can be taken up without its file.
func keepStart(dir string, c Config, m *model.Model) error {
	path := filepath.Join(dir, StartFile)
	if _, err := os.Stat(path); c.Model == "" || err == nil {
		return nil
	}
	return m.Save(path)
}
