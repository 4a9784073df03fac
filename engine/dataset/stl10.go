package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"hfcui/engine/dataset/npy"
)

// The binary layout of STL-10 (https://cs.stanford.edu/~acoates/stl10): images of three planes, red
// first, each in column-major order, and labels from 1 in a file of their own.
const (
	stlSide   = 96
	stlPixels = 3 * stlSide * stlSide
)

var stlNames = []string{"airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"}

// openSTL10 opens the splits there are; unlabeled images are not used.
func openSTL10(_ context.Context, d *Data, p arrayDir, _ Options) error {
	d.Name = "stl10"
	classes := stlNames
	text, err := readSmall(p.path("class_names.txt"), 1<<16)
	if err == nil {
		classes = textLines(text)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(classes) != len(stlNames) {
		return fmt.Errorf("%s: %d class names, expected %d: fix the file, or delete it to use the official names", p.path("class_names.txt"), len(classes), len(stlNames))
	}
	if p.has("unlabeled_X.bin") {
		d.note("unlabeled_X.bin has no labels and is not used")
	}
	for _, split := range []string{"train", "test"} {
		if !p.has(split + "_X.bin") {
			continue
		}
		set, err := d.openSTL10Split(p, split, classes)
		if err != nil {
			return err
		}
		d.setSplit(split, set)
	}
	return d.needTest(p.path("test_X.bin"))
}

func (d *Data) openSTL10Split(p arrayDir, split string, classes []string) (Set, error) {
	file, labelFile := p.path(split+"_X.bin"), p.path(split+"_y.bin")
	labels, err := readSmall(labelFile, 1<<24)
	if err != nil {
		return nil, err
	}
	f, size, err := openRegular(file)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, f)
	if len(labels) == 0 || size != int64(len(labels))*stlPixels {
		return nil, fmt.Errorf("%s: %d bytes are not the %d images of %d bytes that %s has labels of: download both again", file, size, len(labels), stlPixels, labelFile)
	}
	r := newRecords(d.Name, split, 3, stlSide, stlSide, classes)
	r.pixels = pixels{element: npy.Type{Kind: 'u', Size: 1}, top: 255, channel: stlSide * stlSide, row: 1, column: stlSide}
	for i, label := range labels {
		if label < 1 || int(label) > len(classes) {
			return nil, fmt.Errorf("%s: label %d of image %d is not in 1…%d: download it again", labelFile, label, i, len(classes))
		}
		r.labels = append(r.labels, uint32(label)-1)
	}
	r.chunks = []chunk{{file: file, from: f, count: len(labels), stride: stlPixels}}
	return r, nil
}

// setSplit adds the set of a split.
func (d *Data) setSplit(split string, s Set) {
	if split == "train" {
		d.Train = s
	} else {
		d.Test = s
	}
}

// needTest returns an error if there is no test split, whose images would be in file.
func (d *Data) needTest(file string) error {
	if d.Test == nil {
		return fmt.Errorf("%s: not found, but required by the layout %s: add it", file, d.Layout)
	}
	return nil
}
