package dataset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"hfcui/engine/dataset/mat"
	"hfcui/engine/dataset/npy"
	"hfcui/engine/printable"
)

// Arrays of NumPy and MATLAB: which are images and labels, and of which split, follows from the names
// of files and of arrays in them, e.g. cifar10.1_v6_data.npy, x_train in mnist.npz or X in
// train_32x32.mat, and from their shapes.

var arrayFiles = regexp.MustCompile(`(?i)\.(npy|npz|mat)$`)

const (
	maxArrayFiles = 1000
	maxClassList  = 100_000 // class names in an array
)

// role is what an array holds.
type role int

const (
	otherRole role = iota
	imagesRole
	labelsRole
	namesRole
)

// roles are words in names of arrays.
var roles = map[string]role{
	"images": imagesRole, "image": imagesRole, "imgs": imagesRole, "img": imagesRole, "data": imagesRole, "x": imagesRole, "pixels": imagesRole, "samples": imagesRole, "inputs": imagesRole,
	"labels": labelsRole, "label": labelsRole, "y": labelsRole, "targets": labelsRole, "target": labelsRole,
	"classes": namesRole, "names": namesRole, "classnames": namesRole,
}

// named is an array with what its name says.
type named struct {
	*npy.Array
	file  string // path
	title string // of the array, for messages
	split string // "train", "val", "test", or ""
	role  role   // by its name
	group string // the rest of its name
	kind  string // of labels, the word before, e.g. "coarse"
	mat   bool
	size  int64 // of the file
}

// words splits a name at what is no letter or digit, and between lower and upper case.
func words(name string) (all []string) {
	start := 0
	runes := []rune(name)
	flush := func(end int) {
		if end > start {
			all = append(all, strings.ToLower(string(runes[start:end])))
		}
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
			start = i + 1
		case i > start && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]):
			flush(i)
			start = i
		}
	}
	flush(len(runes))
	return all
}

// unnamed are the names that numpy.savez gives.
var unnamed = regexp.MustCompile(`^arr_[0-9]+$`)

// name fills in what the name of a file and that of an array in it say.
func (n *named) name(stem, key string) {
	var rest []string
	if unnamed.MatchString(key) {
		key = ""
	}
	ofKey := words(key)
	known := slices.ContainsFunc(ofKey, func(w string) bool { return roles[w] != otherRole })
	for k, w := range append(words(stem), ofKey...) {
		if known && k+len(ofKey) < len(words(stem))+len(ofKey) && roles[w] != otherRole {
			continue // x in labels.npz
		}
		parts := []string{w}
		if splitWord(parts) == "" && roles[w] == otherRole {
			for _, split := range []string{"train", "test", "val", "valid"} { // xtrain, testy
				if before, ok := strings.CutSuffix(w, split); ok && roles[before] != otherRole {
					parts = []string{before, split}
				} else if after, ok := strings.CutPrefix(w, split); ok && roles[after] != otherRole {
					parts = []string{split, after}
				}
			}
		}
		for _, part := range parts {
			switch r := roles[part]; {
			case splitWord([]string{part}) != "" && n.split == "":
				n.split = splitWord([]string{part})
			case r == namesRole:
				n.role = r // label_names
			case r != otherRole && (n.role == otherRole || n.role == imagesRole):
				n.role = r // data in mnist_data_labels
			case r == otherRole:
				rest = append(rest, part)
			}
		}
	}
	if n.role == labelsRole && len(rest) > 0 {
		switch last := rest[len(rest)-1]; last {
		case "fine", "coarse":
			n.kind, rest = last, rest[:len(rest)-1]
		}
	}
	n.group = strings.Join(rest, " ")
}

// openArrayFiles lists the arrays in files, without reading their elements.
func (d *Data) openArrayFiles(p arrayDir, names []string) (all []*named, err error) {
	if len(names) > maxArrayFiles {
		return nil, fmt.Errorf("%s: more than %d files of arrays", p.dir, maxArrayFiles)
	}
	for _, name := range names {
		path := p.path(name)
		f, size, err := openRegular(path)
		if err != nil {
			return nil, err
		}
		d.files = append(d.files, f)
		arrays, err := d.arraysIn(f, size, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		ext := filepath.Ext(name)
		for _, a := range arrays {
			n := &named{Array: a, file: path, title: path, mat: strings.EqualFold(ext, ".mat"), size: size}
			if a.Name != "" {
				n.title = fmt.Sprintf("%s: array %s", path, printable.Line(shorten(a.Name)))
			}
			n.name(strings.TrimSuffix(name, ext), a.Name)
			all = append(all, n)
		}
	}
	return all, nil
}

// arraysIn lists the arrays in a file.
func (d *Data) arraysIn(f *os.File, size int64, name string) ([]*npy.Array, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".npy":
		a, err := npy.New(f, size)
		if err != nil {
			return nil, fmt.Errorf("%w: save it again with numpy.save", err)
		}
		return []*npy.Array{a}, nil
	case ".npz":
		a, err := npy.NewArchive(f, size)
		if err != nil {
			return nil, fmt.Errorf("%w: save it again with numpy.savez", err)
		}
		d.files = append(d.files, a)
		return a.Arrays, nil
	}
	m, err := mat.New(f, size)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, m)
	return m.Arrays, nil
}

// arrayGroup are the arrays of one dataset.
type arrayGroup struct {
	name   string
	images map[string]*named // by split
	labels map[string]*named
	names  *named // of classes
	kinds  []string

	classes []string // if they are known from the layout
}

// groupArrays finds the datasets among arrays, in the order of their names.
func groupArrays(all []*named, labels string) ([]*arrayGroup, error) {
	groups := map[string]*arrayGroup{}
	at := func(name string) *arrayGroup {
		if groups[name] == nil {
			groups[name] = &arrayGroup{name: name, images: map[string]*named{}, labels: map[string]*named{}}
		}
		return groups[name]
	}
	for _, n := range all {
		g := at(n.group)
		if len(n.Shape) >= 3 && n.role != imagesRole {
			n.role = otherRole // x in names.npz
		}
		switch text := n.Type.Kind == 'U' || n.Type.Kind == 'S'; {
		case n.role == namesRole && text && len(n.Shape) == 1:
			g.names = n
		case n.role == labelsRole || n.role == namesRole || n.role == otherRole && len(n.Shape) == 1 && n.Type.Size > 0:
			if n.role == namesRole && n.Type.Size == 0 {
				continue // pickled names
			}
			if err := g.addLabels(n, labels); err != nil {
				return nil, err
			}
		case len(n.Shape) >= 2 && (n.role == imagesRole || len(n.Shape) >= 3):
			if old := g.images[n.split]; old != nil && old.role == n.role {
				return nil, fmt.Errorf("%s and %s: both could be the images: keep one of them", old.title, n.title)
			} else if old == nil || n.role == imagesRole {
				g.images[n.split] = n
			}
		}
	}
	if labels != "" {
		for _, g := range groups {
			if len(g.images) > 0 && len(g.labels) == 0 && len(g.kinds) > 0 {
				return nil, fmt.Errorf("%s: no labels %q: use %s", g.first().file, labels, strings.Join(g.kinds, ", "))
			}
		}
	}
	var list []*arrayGroup
	for _, name := range sortedSplits(groups) {
		list = append(list, groups[name])
	}
	return list, nil
}

// addLabels adds labels: of several kinds those called by kind, by default the fine ones.
func (g *arrayGroup) addLabels(n *named, kind string) error {
	if n.kind != "" && !slices.Contains(g.kinds, n.kind) {
		g.kinds = append(g.kinds, n.kind)
	}
	if kind != "" && n.kind != kind || kind == "" && n.kind == "coarse" {
		return nil
	}
	if old := g.labels[n.split]; old != nil {
		if old.role != n.role { // a name tells, a shape does not
			if n.role == labelsRole {
				g.labels[n.split] = n
			}
			return nil
		}
		return fmt.Errorf("%s and %s: both could be the labels: keep one of them", old.title, n.title)
	}
	g.labels[n.split] = n
	return nil
}

// first returns one of the arrays of images.
func (g *arrayGroup) first() *named {
	for _, split := range sortedSplits(g.images) {
		return g.images[split]
	}
	return nil
}

// openNumPy opens the dataset in the arrays of a folder or of a file.
func openNumPy(_ context.Context, d *Data, p arrayDir, o Options) error {
	all, err := d.openArrayFiles(p, p.matching(arrayFiles))
	if err != nil {
		return err
	}
	groups, err := groupArrays(all, o.Labels)
	if err != nil {
		return err
	}
	if ok, err := d.openCorrupted(p, groups); ok || err != nil {
		return err
	}
	g, err := d.chooseGroup(p, groups)
	if err != nil {
		return err
	}
	d.severalLabels = len(g.kinds) > 0
	return d.openGroup(g, p)
}

// chooseGroup returns the group of the file that was opened, or the only one of a folder.
func (d *Data) chooseGroup(p arrayDir, groups []*arrayGroup) (*arrayGroup, error) {
	var all, labeled, lone []*arrayGroup
	for _, g := range groups {
		switch {
		case len(g.images) == 0:
			lone = append(lone, g)
		case g.holds(p):
			if all = append(all, g); len(g.labels) > 0 {
				labeled = append(labeled, g)
			}
		}
	}
	if len(labeled) > 0 && len(labeled) < len(all) {
		d.note("only arrays with labels are used")
		all = labeled
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("%s: no array of images (n, height, width) or (n, height, width, channels) found in %s", p.dir, p.listing(arrayFiles))
	case len(all) == 1:
		if g := all[0]; len(g.labels) == 0 && len(lone) == 1 { // labels.npy beside NAME_images.npy
			g.labels = lone[0].labels
			if g.names == nil {
				g.names = lone[0].names
			}
		}
		return all[0], nil
	}
	if g := newest(all); g != nil {
		d.note("of several versions, %s is open: open a file of another one, e.g. %s", filepath.Base(g.first().file), filepath.Base(all[0].first().file))
		return g, nil
	}
	var files []string
	for _, g := range all {
		files = append(files, filepath.Base(g.first().file))
	}
	return nil, fmt.Errorf("%s: several datasets: open a file of one of them: %s", p.dir, strings.Join(files, ", "))
}

// holds reports whether the group has the file that was opened.
func (g *arrayGroup) holds(p arrayDir) bool {
	if p.only == "" {
		return true
	}
	for _, arrays := range []map[string]*named{g.images, g.labels} {
		for _, n := range arrays {
			if filepath.Base(n.file) == p.only {
				return true
			}
		}
	}
	return false
}

var version = regexp.MustCompile(`\bv([0-9]+)\b`)

// newest returns the last of groups that are versions of one dataset, as of CIFAR-10.1; nil if they are
// different ones.
func newest(groups []*arrayGroup) (last *arrayGroup) {
	stem, best := "", -1
	for _, g := range groups {
		m := version.FindStringSubmatchIndex(g.name)
		if m == nil {
			return nil
		}
		n, rest := 0, g.name[:m[0]]+g.name[m[1]:]
		fmt.Sscan(g.name[m[2]:m[3]], &n)
		if best >= 0 && rest != stem {
			return nil
		}
		if stem = rest; n > best {
			best, last = n, g
		}
	}
	return last
}

// listing names the files that match a pattern, for messages.
func (p arrayDir) listing(pattern *regexp.Regexp) string {
	names := p.matching(pattern)
	if p.only != "" {
		names = []string{p.only}
	}
	const most = 4
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", printable.Line(strings.Join(names[:most], ", ")), len(names)-most)
	}
	return printable.Line(strings.Join(names, ", "))
}

// openGroup opens a dataset.
func (d *Data) openGroup(g *arrayGroup, p arrayDir) error {
	if d.Name == "" {
		d.Name = g.title(p)
	}
	labels, classes, width, err := g.readLabels()
	if err != nil {
		return err
	}
	if classes == nil {
		classes = g.classes
	}
	if classes == nil && len(labels) > 0 {
		if classes, err = d.classNames(g, labels, width); err != nil {
			return err
		}
	}
	splits := map[string]Set{}
	var shape [3]int
	for k, split := range sortedSplits(g.images) {
		of := labels[split]
		if of == nil && labels != nil {
			return fmt.Errorf("%s: no labels of the split %q: add them, or remove its images", g.images[split].title, split)
		}
		set, err := d.arraySet(g.images[split], split, of, classes)
		if err != nil {
			return err
		}
		if at := [3]int{set.c, set.h, set.w}; k > 0 && at != shape {
			return fmt.Errorf("%s: images of %v channels, rows and columns, but of another split %v: resize one of them", g.images[split].title, at, shape)
		} else {
			shape = at
		}
		splits[split] = set
	}
	return d.chooseSplits(splits)
}

// title is the name of the dataset: that of its files, without the words for splits and roles.
func (g *arrayGroup) title(p arrayDir) string {
	n := g.first()
	stem := strings.TrimSuffix(filepath.Base(n.file), filepath.Ext(n.file))
	for {
		cut := stem
		for _, sep := range []string{"_", "-", "."} {
			if at := strings.LastIndex(cut, sep); at >= 0 && isRole(cut[at+1:]) {
				cut = cut[:at]
			}
			if before, after, ok := strings.Cut(cut, sep); ok && isRole(before) {
				cut = after
			}
		}
		if cut == stem {
			break
		}
		stem = cut
	}
	if stem == "" || isRole(stem) || len(words(stem)) == 0 {
		return displayName(p.dir)
	}
	return printable.Line(stem)
}

// isRole reports whether a word names a split or a role.
func isRole(word string) bool {
	n := &named{}
	n.name(word, "")
	return n.group == ""
}
