package train

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
)

const (
	// usualSide is the largest side that images of several sizes are trained at by default.
	usualSide = 64
	// MaxSide is the maximum of Config.Size.
	MaxSide = 1024
)

// sized returns data to train on, with training images of one size, and the configuration that says
// so. Images of several sizes, or of another one than c.Size, are made to fit a square; data without
// training images are divided.
func sized(c Config, data *dataset.Data, dir string, start *model.Model) (Config, *dataset.Data, error) {
	data = data.HoldOut()
	if data.Train == nil {
		return c, data, nil
	}
	ch, h, w := data.Train.Shape()
	if ch > 0 && (c.Size == 0 || c.Size == h && c.Size == w) {
		return c, data, nil
	}
	switch {
	case c.Size > 0:
		var err error
		if ch == 0 {
			if ch, _, _, err = dataset.UsualSize(data.Train, usualSide); err != nil {
				return c, nil, err
			}
		}
		h, w = c.Size, c.Size
	case c.Model != "":
		m, err := startOf(c, dir, start)
		if err != nil {
			return c, nil, err
		}
		ch, h, w = m.Input()
	default:
		var err error
		if ch, h, w, err = dataset.UsualSize(data.Train, usualSide); err != nil {
			return c, nil, err
		}
	}
	if h == w {
		c.Size = h
	}
	c.Fit = cmp.Or(c.Fit, dataset.Crop)
	d := *data
	train, test := dataset.Fitted(data.Train, c.Fit), dataset.Fitted(data.Test, c.Fit)
	if how := dataset.Resizing(train, h, w); how != "" {
		d.Notes = append(d.Notes[:len(d.Notes):len(d.Notes)], how)
	} else {
		d.Notes = append(d.Notes[:len(d.Notes):len(d.Notes)], fmt.Sprintf("images are resized to %d×%d", w, h))
	}
	d.Train, d.Test = dataset.Resized(train, ch, h, w), dataset.Resized(test, ch, h, w)
	return c, &d, nil
}

// startOf returns the model that a run in dir starts from, or did.
func startOf(c Config, dir string, start *model.Model) (*model.Model, error) {
	if kept := filepath.Join(dir, StartFile); exists(kept) {
		return model.Load(kept, "")
	}
	if start != nil {
		return start, nil
	}
	return model.LoadAs(c.Model, model.Description{Mean: c.Mean, Std: c.Std})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
