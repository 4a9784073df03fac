package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hfcui/engine/printable"
)

const (
	manyImages  = 4 << 20 // and one per perImage bytes of the file
	perImage    = 16
	maxClasses  = 100_000
	maxNameText = 4 << 20 // bytes of class names
)

// maxImages is the most images that a file of size bytes is opened with: their labels are in memory.
func maxImages(size int64) int64 { return manyImages + size/perImage }

// readLabels reads the labels of each split; classes are their names if labels are strings, width is that
// of one-hot labels.
func (g *arrayGroup) readLabels() (labels map[string][]uint32, classes []string, width int, err error) {
	if len(g.labels) == 0 {
		return nil, nil, 0, nil
	}
	labels = map[string][]uint32{}
	var text textLabels
	for _, split := range sortedSplits(g.labels) {
		n := g.labels[split]
		if n.Count() == 0 || n.Count()/int64(max(1, lastOf(n.Shape))) > maxImages(n.size) {
			return nil, nil, 0, fmt.Errorf("%s: %d labels: save one per image", n.title, n.Count())
		}
		columns := 0
		switch {
		case n.Type.Kind == 'U' || n.Type.Kind == 'S':
			labels[split], err = text.read(n)
		case !n.Type.Numeric():
			err = fmt.Errorf("elements of type %s are not read: save labels as integers", n.Type)
		default:
			labels[split], columns, err = n.integers()
		}
		if err != nil {
			return nil, nil, 0, fmt.Errorf("%s: %w", n.title, err)
		}
		width = max(width, columns)
	}
	if len(text.names) > 0 {
		classes = text.sorted(labels)
	}
	return labels, classes, width, nil
}

func lastOf(shape []int) int {
	if len(shape) < 2 {
		return 1
	}
	return shape[len(shape)-1]
}

// integers reads labels that are integers, one per image, or one-hot, whose width it returns.
func (n *named) integers() (labels []uint32, width int, err error) {
	long := 0 // dimensions that are not 1
	for _, s := range n.Shape {
		if s != 1 {
			long++
		}
	}
	if long == 2 && len(n.Shape) == 2 {
		labels, err = n.oneHot()
		return labels, n.Shape[1], err
	}
	if long > 1 {
		return nil, 0, fmt.Errorf("labels of the shape %v: save one per image", n.Shape)
	}
	labels = make([]uint32, n.Count())
	return labels, 0, n.Each(func(i int64, element []byte) error {
		v := n.Type.Value(element)
		if v != math.Trunc(v) || v < 0 || v >= maxClasses {
			return fmt.Errorf("label %g of image %d is not a class from 0 to %d", v, i, maxClasses-1)
		}
		labels[i] = uint32(v)
		return nil
	})
}

// oneHot reads labels that are rows of zeros and a one.
func (n *named) oneHot() ([]uint32, error) {
	rows, columns := int64(n.Shape[0]), int64(n.Shape[1])
	const none = math.MaxUint32
	labels := slices.Repeat([]uint32{none}, int(rows))
	err := n.Each(func(i int64, element []byte) error {
		row, column := i/columns, i%columns
		if n.Fortran {
			row, column = i%rows, i/rows
		}
		switch v := n.Type.Value(element); {
		case v == 0:
		case v != 1:
			return fmt.Errorf("row %d of %d labels has the value %g: save one label per image, or one-hot rows", row, columns, v)
		case labels[row] != none:
			return fmt.Errorf("row %d has several of %d labels: multi-label data are not supported", row, columns)
		default:
			labels[row] = uint32(column)
		}
		return nil
	})
	if at := slices.Index(labels, none); err == nil && at >= 0 {
		err = fmt.Errorf("row %d has none of %d labels: multi-label data are not supported", at, columns)
	}
	return labels, err
}

// textLabels numbers labels that are strings in the order in which they are found.
type textLabels struct {
	names map[string]uint32
	bytes int
}

func (t *textLabels) read(n *named) ([]uint32, error) {
	labels := make([]uint32, n.Count())
	return labels, n.Each(func(i int64, element []byte) (err error) {
		labels[i], err = t.number(n.Type.Text(element))
		return err
	})
}

// number returns the number of a name.
func (t *textLabels) number(name string) (uint32, error) {
	k, ok := t.names[name]
	if !ok {
		if t.bytes += len(name); len(t.names) >= maxClasses || t.bytes > maxNameText {
			return 0, fmt.Errorf("more than %d class names", len(t.names))
		}
		if t.names == nil {
			t.names = map[string]uint32{}
		}
		k = uint32(len(t.names))
		t.names[name] = k
	}
	return k, nil
}

// sorted renumbers labels in the order of their names, which it returns, safe to print.
func (t *textLabels) sorted(labels map[string][]uint32) []string {
	names := make([]string, 0, len(t.names))
	for name := range t.names {
		names = append(names, name)
	}
	slices.Sort(names)
	to := make([]uint32, len(names))
	for k, name := range names {
		to[t.names[name]] = uint32(k)
	}
	for _, l := range labels {
		for i := range l {
			l[i] = to[l[i]]
		}
	}
	return printableNames(names)
}

// printableNames returns names that are safe to print, those that are blank as their number.
func printableNames(names []string) []string {
	safe := make([]string, len(names))
	for i, name := range names {
		if safe[i] = strings.TrimSpace(printable.Line(name)); safe[i] == "" {
			safe[i] = fmt.Sprintf("class %d", i)
		}
	}
	return safe
}

// classNames returns the names of the classes of integer labels: those in the file, those of CIFAR where
// the files have its name, else their numbers.
func (d *Data) classNames(g *arrayGroup, labels map[string][]uint32, width int) ([]string, error) {
	most, least := uint32(0), uint32(math.MaxUint32)
	for _, l := range labels {
		most, least = max(most, slices.Max(l)), min(least, slices.Min(l))
	}
	if n := g.names; n != nil && n.Count() > int64(most) && n.Count() <= maxClasses {
		var names []string
		total := 0
		err := n.Each(func(_ int64, element []byte) error {
			name := n.Type.Text(element)
			if total += len(name); total > maxNameText {
				return fmt.Errorf("more than %d bytes of class names", maxNameText)
			}
			names = append(names, name)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.title, err)
		}
		return printableNames(names), nil
	}
	if names := cifarClasses(d.Name); len(names) > int(most) {
		return names, nil
	}
	if least > 0 {
		d.note("labels are %d to %d as in the file, so that class 0 has no images", least, most)
	}
	return numbered(max(width, int(most)+1)), nil
}

// cifarClasses returns the classes of CIFAR-10 or CIFAR-100 if name is that of a set with the same
// classes, e.g. CIFAR-10-C or cifar10.1_v6.
func cifarClasses(name string) []string {
	var plain []rune
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			plain = append(plain, r)
		}
	}
	switch string(plain) {
	case "cifar10", "cifar10c", "cifar101", "cifar101v4", "cifar101v6", "cifar102":
		return cifarNames
	case "cifar100", "cifar100c":
		return cifar100Names
	}
	return nil
}
