package dataset

import (
	"context"
	"fmt"
	"regexp"
	"slices"
)

// SVHN's cropped digits (http://ufldl.stanford.edu/housenumbers): MATLAB files with X, of
// height × width × channels × images, and y, in which the digit 0 has the label 10.
var svhnFiles = regexp.MustCompile(`^(train|test)_32x32\.mat$`)

// openSVHN opens the splits there are; the extra images are not used.
func openSVHN(_ context.Context, d *Data, p arrayDir, o Options) error {
	d.Name = "svhn"
	if p.has("extra_32x32.mat") {
		d.note("extra_32x32.mat is not used")
	}
	all, err := d.openArrayFiles(p, p.matching(svhnFiles))
	if err != nil {
		return err
	}
	groups, err := groupArrays(all, o.Labels)
	if err != nil {
		return err
	}
	g, err := d.chooseGroup(arrayDir{dir: p.dir, files: p.files}, groups)
	if err != nil {
		return err
	}
	g.classes = numbered(11)
	if err := d.openGroup(g, p); err != nil {
		return err
	}
	for _, s := range []Set{d.Train, d.Test} {
		r, ok := s.(*records)
		if !ok {
			continue
		}
		both := slices.Contains(r.labels, 10)
		for i, label := range r.labels {
			if label > 10 || label == 0 && both {
				return fmt.Errorf("%s: label %d of image %d is not in 1…10: download it again", r.chunks[0].file, label, i)
			}
			r.labels[i] = label % 10
		}
		r.classes = mnistNames
	}
	d.note("label 10 is the digit 0, as in torchvision")
	return nil
}
