package dataset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxWrappers is the number of folders around a dataset that are entered to find it, e.g. four in
// imagenet/ILSVRC/Data/CLS-LOC.
const maxWrappers = 5

// openTree opens a folder of class folders, of folders train and test of them, of labeled or of other
// images.
func openTree(ctx context.Context, d *Data, _ arrayDir, _ Options) error {
	root := newTree(ctx, d.Dir)
	d.Name = displayName(d.Dir)
	at := root
	for range maxWrappers {
		opened, err := d.openFolder(at)
		if opened || err != nil {
			return err
		}
		inner, err := at.wrapped()
		if err != nil {
			return err
		}
		if inner == nil {
			break
		}
		at = inner
	}
	return fmt.Errorf("%s: no dataset found%s: looked for class folders with images, folders train, val and test of them, images with a list of labels (metadata.csv, val_annotations.txt, …), images, CIFAR-10 and its kind, IDX files, arrays (.npy, .npz, .mat), Parquet files, WebDataset archives", d.Dir, at.seen())
}

// openFolder opens what is in a folder. It returns false if there is no dataset.
func (d *Data) openFolder(at *folder) (bool, error) {
	if err := at.readDirs(); err != nil {
		return false, err
	}
	d.Dir = at.path
	for _, open := range []func(*folder) (bool, error){d.openCorruptionFolders, d.openSplits, d.openLists, d.openOne} {
		if opened, err := open(at); opened || err != nil {
			return opened, err
		}
	}
	return false, nil
}

// seen describes the folders of a folder, for an error.
func (f *folder) seen() string {
	var names []string
	for _, d := range f.dirs {
		if names = append(names, d.name); len(names) == 4 {
			break
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(f.dirs) > len(names):
		names = append(names, "…")
	}
	return " in " + strings.Join(names, ", ")
}

// wrapped returns the folder in f that the dataset may be in; nil if none stands out.
func (f *folder) wrapped() (*folder, error) {
	if len(f.dirs) == 1 {
		return f.dirs[0], nil
	}
	for _, name := range []string{"ILSVRC", "Data", "CLS-LOC", "images", "dataset", "datasets", "imgs"} {
		if d := f.dir(name); d != nil {
			return d, nil
		}
	}
	return nil, nil
}

// splits of a dataset, by the names of their folders and lists.
type splitKind int

const (
	noSplit splitKind = iota
	trainSplit
	valSplit
	testSplit
)

var splitWords = map[string]splitKind{
	"train": trainSplit, "training": trainSplit,
	"val": valSplit, "valid": valSplit, "validation": valSplit, "dev": valSplit,
	"test": testSplit, "testing": testSplit,
}

// splitOf returns the split a name stands for, in any case: "Train", "val2017", or, only a part of
// it, "seg_train"; exact is false for the latter.
func splitOf(name string) (kind splitKind, exact bool) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("_-. ", r) })
	for _, word := range words {
		if k := splitWords[strings.TrimRight(word, "0123456789")]; k != noSplit {
			if kind != noSplit && kind != k {
				return noSplit, false
			}
			kind = k
		}
	}
	return kind, kind != noSplit && len(words) == 1
}

// openSplits opens a folder of folders train, val and test.
func (d *Data) openSplits(at *folder) (bool, error) {
	found, others := map[splitKind]*folder{}, 0
	for _, dir := range at.dirs {
		kind, exact := splitOf(dir.name)
		if now := found[kind]; kind != noSplit && (exact || len(dir.dirs) > 0) && (now == nil || exact) {
			found[kind] = dir
		} else if len(dir.images) > 0 && !isContainer(dir.name) {
			others++
		}
	}
	parts := map[splitKind]*part{}
	labeled := false
	for kind, dir := range found {
		p, err := newPart(dir, 2)
		if err != nil {
			return false, err
		}
		if p != nil {
			parts[kind] = p
			labeled = labeled || p.labeled
		}
	}
	// Beside class folders, a folder of images named train is the class of trains.
	if len(parts) == 0 || !labeled && others > 0 {
		return false, nil
	}
	if others > 0 {
		d.skipped.add(others, "folder of images beside train, val and test", "folders of images beside train, val and test")
	}
	d.skipped.add(len(at.images), "image beside the folders train, val and test", "images beside the folders train, val and test")
	return true, d.setSplits(parts)
}

// setSplits makes the splits of parts. The test images are those of the first of test, val and train
// that has labels, or else images.
func (d *Data) setSplits(parts map[splitKind]*part) error {
	order := []splitKind{testSplit, valSplit, trainSplit}
	best := slices.IndexFunc(order, func(k splitKind) bool { return parts[k] != nil && parts[k].labeled })
	if best < 0 {
		best = slices.IndexFunc(order, func(k splitKind) bool { return parts[k] != nil })
	}
	test, train := parts[order[best]], parts[trainSplit]
	if test == train || train != nil && train.labeled != test.labeled {
		train = nil
	}
	for _, kind := range order {
		switch p := parts[kind]; {
		case p == nil || p == test || p == train:
		case !p.labeled && test.labeled:
			d.note("%s of %s not used: no labels", counted(len(p.images), "image", "images"), p.name)
		default:
			d.note("%s of %s not used: the test images are those of %s; open %s by its own path for them", counted(len(p.images), "image", "images"), p.name, test.name, p.name)
		}
	}
	switch name := strings.ToLower(test.name); {
	case train == nil && order[best] == trainSplit && test.labeled:
		d.note("no labeled folder test or val: the images are those of %s", test.name)
	case order[best] == valSplit && name != "val":
		d.note("the test images are those of %s", test.name)
	}
	return d.setParts(train, test)
}

// openOne opens a folder that is one split: class folders, or images.
func (d *Data) openOne(at *folder) (bool, error) {
	p, err := newPart(at, 0)
	if p == nil || err != nil {
		return false, err
	}
	return true, d.setParts(nil, p)
}

// setParts makes the sets of a test and a training part; train may be nil.
func (d *Data) setParts(train, test *part) error {
	all := []*part{test}
	if train != nil {
		all = append(all, train)
	}
	d.Layout = Images
	var classes *classList
	if test.labeled {
		d.Layout = test.layout
		ids := map[string]bool{} // the same labels for both splits
		for _, p := range all {
			for _, im := range p.images {
				ids[im.class] = true
			}
		}
		var err error
		if classes, err = newClassList(slices.Collect(maps.Keys(ids)), test.at); err != nil {
			return err
		}
		if test.idNote != "" {
			d.note("%s", test.idNote)
			d.Unordered = test.idNote
		}
		d.Aliases = classes.aliases
		d.notes(classes.notes)
	}
	d.Test = d.newFileSet("test", test, classes)
	if train != nil {
		d.Train = d.newFileSet("train", train, classes)
	}
	for _, p := range all {
		d.notes(p.notes)
		d.skipped.merge(p.skipped)
	}
	d.skipped.add(int(test.at.scan.hidden.Load()), "hidden entry", "hidden entries")
	if text := d.skipped.String(); text != "" {
		d.note("skipped: %s", text)
	}
	return nil
}

// notes adds lines to Notes that are not there yet.
func (d *Data) notes(lines []string) {
	for _, line := range lines {
		if !slices.Contains(d.Notes, line) {
			d.note("%s", line)
		}
	}
}

// newFileSet makes the set of a part; classes is nil without labels.
func (d *Data) newFileSet(split string, p *part, classes *classList) *files {
	f := newFiles(d.Name, split)
	if classes != nil {
		f.classes = classes.names
		// By class, as ImageFolder lists them, so that a set is the same wherever its labels are from.
		slices.SortStableFunc(p.images, func(a, b located) int { return int(classes.label[a.class]) - int(classes.label[b.class]) })
	}
	for _, im := range p.images {
		f.add(im.dir.path, im.name)
		if classes != nil {
			f.labels = append(f.labels, classes.label[im.class])
		}
	}
	return f
}

// skips counts what of a folder was passed over, by its kind.
type skips struct {
	kinds []string
	count map[string]int
	many  map[string]string
}

func (s *skips) add(n int, one, many string) {
	if n == 0 {
		return
	}
	if s.count == nil {
		s.count, s.many = map[string]int{}, map[string]string{}
	}
	if s.count[one] == 0 {
		s.kinds = append(s.kinds, one)
	}
	s.count[one] += n
	s.many[one] = many
}

func (s *skips) merge(t skips) {
	for _, one := range t.kinds {
		s.add(t.count[one], one, t.many[one])
	}
}

// String lists the counts: "1 hidden entry, 3 files that are not images".
func (s *skips) String() string {
	var words []string
	for _, one := range s.kinds {
		words = append(words, counted(s.count[one], one, s.many[one]))
	}
	return strings.Join(words, ", ")
}

// counted is a count with its noun: "1 folder", "2 folders".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
