package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Arrays of corruptions, as in CIFAR-10-C: a file per corruption, in which the images follow in order of
// severity, and one file of labels.

// arraySeverities is the number of severities in a file.
const arraySeverities = 5

// corruptionNames are the corruptions of Hendrycks and Dietterich (2019), of which four are extra.
var corruptionNames = strings.Fields(`gaussian_noise shot_noise impulse_noise defocus_blur glass_blur motion_blur zoom_blur snow frost
fog brightness contrast elastic_transform pixelate jpeg_compression speckle_noise gaussian_blur spatter saturate`)

// openCorrupted opens arrays of corruptions, if groups are: files with one array of images each, and
// labels of all in a file of their own. Either a file has the name of a known corruption, or there are
// several, with labels that repeat once per severity.
func (d *Data) openCorrupted(p arrayDir, groups []*arrayGroup) (bool, error) {
	files := map[string]*named{}
	var labels *named
	known := false
	for _, g := range groups {
		for split, n := range g.labels {
			if split == "train" || split == "val" || labels != nil {
				return false, nil
			}
			labels = n
		}
		for split, n := range g.images {
			if len(g.images) > 1 || split != "" || len(g.labels) > 0 || n.Name != "" {
				return false, nil
			}
			name := strings.TrimSuffix(filepath.Base(n.file), filepath.Ext(n.file))
			known = known || slices.Contains(corruptionNames, name)
			files[name] = n
		}
	}
	if labels == nil || len(files) == 0 || !known && len(files) == 1 {
		return false, nil
	}
	group := &arrayGroup{labels: map[string]*named{"": labels}}
	all, classes, width, err := group.readLabels()
	if err != nil {
		return true, err
	}
	if !known && !repeats(all[""]) {
		return false, nil
	}
	d.Name = displayName(p.dir)
	if classes == nil {
		if classes, err = d.classNames(group, all, width); err != nil {
			return true, err
		}
	}
	return true, d.addCorruptions(p, files, all[""], classes)
}

// repeats reports whether labels are the same in each severity.
func repeats(labels []uint32) bool {
	n := len(labels) / arraySeverities
	for s := 1; s < arraySeverities; s++ {
		if len(labels)%arraySeverities != 0 || !slices.Equal(labels[:n], labels[s*n:(s+1)*n]) {
			return false
		}
	}
	return n > 0
}

// addCorruptions offers the corruptions in files: all, or that of the file that was opened.
func (d *Data) addCorruptions(p arrayDir, files map[string]*named, labels []uint32, classes []string) error {
	tree := &corruptions{}
	sets := map[string]*records{}
	for _, name := range sortedSplits(files) {
		n := files[name]
		rows := n.Shape[0]
		if rows == 0 || rows%arraySeverities != 0 {
			return fmt.Errorf("%s: %d images, not a multiple of the %d severities: download it again", n.file, rows, arraySeverities)
		}
		whole := labels
		if len(labels) == rows/arraySeverities {
			whole = slices.Repeat(labels, arraySeverities)
		}
		if len(whole) != rows {
			return fmt.Errorf("%s: %d images, but there are %d labels: download both again", n.file, rows, len(labels))
		}
		if chosen := files[strings.TrimSuffix(p.only, filepath.Ext(p.only))]; chosen != nil && chosen != n {
			continue
		}
		set, err := d.arraySet(n, "", whole, classes)
		if err != nil {
			return err
		}
		sets[name] = set
		tree.list = append(tree.list, Corruption{Name: name, Severities: []int{1, 2, 3, 4, 5}})
	}
	tree.open = func(corruption string, severity int) (Set, error) {
		of := sets[corruption]
		rows := len(of.labels) / arraySeverities
		first := (severity - 1) * rows
		r := newRecords(d.Name, "test", of.c, of.h, of.w, classes)
		r.pixels, r.labels = of.pixels, of.labels[first:first+rows]
		part := of.chunks[0]
		part.count = rows
		part.offset += int64(first) * part.stride
		r.chunks = []chunk{part}
		return r, nil
	}
	d.corruptions = tree
	return nil
}
