package dataset

import (
	"context"
	"fmt"
	"hfcui/checkpoints"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Options configures Open.
type Options struct {
	Cache string // "": CacheDir()

	// Corruption and Severity choose the test images of a tree of corruptions; "" and 0: the first of
	// Data.Corruptions and the lowest.
	Corruption string
	Severity   int
	Versions   bool // others will be opened, too: that they are there needs no note

	// Labels chooses one of several kinds of labels, e.g. "coarse" of CIFAR-100; "" is the default one.
	Labels string
}

// Layout is the file layout of a dataset.
type Layout string

// The supported layouts.
const (
	Procedural     Layout = "procedural"
	CIFARBinary    Layout = "CIFAR-10 binary"
	CIFARPython    Layout = "CIFAR-10 python"
	CIFAR100Binary Layout = "CIFAR-100 binary"
	CIFAR100Python Layout = "CIFAR-100 python"
	STL10          Layout = "STL-10 binary"
	IDX            Layout = "IDX"
	SVHN           Layout = "SVHN"
	Arrays         Layout = "arrays"
	Parquet        Layout = "Parquet"
	WebDataset     Layout = "WebDataset"
	ClassFolders   Layout = "class folders"
	LabeledImages  Layout = "labeled images" // by a list
	Images         Layout = "images"
)

// Open opens a dataset by name ("shapes", also with options as in
// "shapes:seed=2,agreement=0.9,train=20000,test=5000"; "cifar10", "mnist" and "fashion-mnist" in
// the cache), a folder, whose layout is detected, or an image file. Names take precedence: use
// ./mnist for a folder of that name.
func Open(ctx context.Context, nameOrDir string, o Options) (*Data, error) {
	d, err := openAll(ctx, nameOrDir, o)
	if err != nil {
		return nil, err
	}
	if o.Labels != "" && !d.severalLabels {
		d.Close()
		return nil, fmt.Errorf("%s has one kind of labels: omit --labels", nameOrDir)
	}
	notes := d.Notes
	if err := d.chooseCorruption(o.Corruption, o.Severity); err != nil {
		d.Close()
		return nil, err
	}
	if o.Versions {
		d.Notes = notes
	}
	return d, nil
}

// openAll is Open, except that Test of data with corruptions is not chosen yet.
func openAll(ctx context.Context, nameOrDir string, o Options) (*Data, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if name, settings, _ := strings.Cut(nameOrDir, ":"); name == "shapes" {
		options, err := parseShapes(settings)
		if err != nil {
			return nil, err
		}
		return Shapes(options), nil
	}
	if source := sourceByName(nameOrDir); source != nil {
		return openCached(ctx, nameOrDir, o)
	}
	info, err := os.Stat(nameOrDir)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("%s: no such folder or dataset: the datasets are %s", nameOrDir, strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, fileError(nameOrDir, err, checkpoints.Remedy(err))
	}
	if info.IsDir() {
		return openDir(ctx, nameOrDir, o)
	}
	if d, err := openFile(ctx, nameOrDir, o); d != nil || err != nil {
		return d, err
	}
	set, err := OpenImages([]string{nameOrDir})
	if err != nil {
		return nil, fmt.Errorf("%w; a dataset is a folder", err)
	}
	return &Data{Name: set.Name(), Layout: Images, Dir: filepath.Dir(nameOrDir), Test: set, Notes: Turned(set)}, nil
}

// openCached opens a downloaded dataset.
func openCached(ctx context.Context, name string, o Options) (*Data, error) {
	dir, err := cachedDir(name, o.Cache)
	if err != nil {
		return nil, err
	}
	if !exists(dir) {
		return nil, fmt.Errorf("%s is not in %s: run: hfcui data get %s", name, filepath.Dir(dir), name)
	}
	d, err := openDir(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("%w (or remove %s and run: hfcui data get %s)", err, dir, name)
	}
	d.Name = name
	return d, nil
}

// layout is how the files of a dataset are arranged.
type layout struct {
	name  Layout
	files *regexp.Regexp // the folder has at least one of them
	// loose is set if the files are shards of a dataset, which may also be in subfolders: those that
	// match it are certainly shards.
	loose *regexp.Regexp
	// open sets the splits of d, whose Dir is that of the files, and its name.
	open func(ctx context.Context, d *Data, at arrayDir, o Options) error
}

// layouts are the layouts of files that hold many images, the most specific first: the first one whose
// files are in a folder is that of the folder. What none of them takes is a tree of images.
var layouts = []layout{
	{CIFARBinary, regexp.MustCompile(`^(test_batch|data_batch_1)\.bin$`), nil, openCIFAR10},
	{CIFARPython, regexp.MustCompile(`^(test_batch|data_batch_1)$`), nil, openCIFARPython},
	{CIFAR100Binary, regexp.MustCompile(`^(test|train)\.bin$`), nil, openCIFAR100},
	{CIFAR100Python, regexp.MustCompile(`^(test|train)$`), nil, openCIFAR100Python},
	{STL10, regexp.MustCompile(`^(test|train)_X\.bin$`), nil, openSTL10},
	{IDX, idxImages, nil, openIDX},
	{SVHN, svhnFiles, nil, openSVHN},
	{Arrays, arrayFiles, nil, openNumPy},
	{Parquet, parquetFiles, parquetFiles, openParquet},
	{WebDataset, tarFiles, tarShards, openWebDataset},
}

// openDir opens a folder of any layout. Files of a layout may be in a subfolder with a name of theirs,
// e.g. cifar-10-batches-bin of an unpacked archive.
func openDir(ctx context.Context, dir string, o Options) (*Data, error) {
	type found struct {
		layout layout
		at     arrayDir
	}
	places, err := arrayDirs(dir)
	if err != nil {
		return nil, unreadable(err)
	}
	var all []found
	for _, at := range places {
		for _, l := range layouts {
			if len(at.matching(l.files)) > 0 && l.loose == nil {
				all = append(all, found{l, at})
				break
			}
		}
	}
	switch len(all) {
	case 0:
		return openOther(ctx, places[0], o)
	case 1:
		return openLayout(ctx, all[0].layout, all[0].at, o)
	}
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = fmt.Sprintf("%s (%s)", f.at.dir, f.layout.name)
	}
	return nil, fmt.Errorf("%s: several datasets: open one of %s", dir, strings.Join(names, ", "))
}

// openOther opens a folder of shards, or a tree of images. An archive beside a tree is taken for the one
// that the tree was unpacked from, unless it has the name of a shard.
func openOther(ctx context.Context, at arrayDir, o Options) (*Data, error) {
	var archives *layout
	for _, l := range layouts {
		if l.loose == nil {
			continue
		}
		shards, err := at.shards(l.files)
		if err != nil {
			return nil, unreadable(err)
		}
		if slices.ContainsFunc(shards, func(s shardFile) bool { return l.loose.MatchString(filepath.Base(s.path)) }) {
			return openLayout(ctx, l, at, o)
		}
		if len(shards) > 0 {
			archives = &l
		}
	}
	d, err := openLayout(ctx, layout{name: Images, open: openTree}, at, o)
	if err != nil && archives != nil {
		return openLayout(ctx, *archives, at, o)
	}
	return d, err
}

// IsDataFile reports whether a file has the name of one that holds many images, which Open opens.
func IsDataFile(path string) bool {
	name := filepath.Base(path)
	return slices.ContainsFunc(layouts, func(l layout) bool { return l.files.MatchString(name) })
}

// openFile opens the dataset that a file belongs to; nil if it is of no layout.
func openFile(ctx context.Context, file string, o Options) (*Data, error) {
	name := filepath.Base(file)
	k := slices.IndexFunc(layouts, func(l layout) bool { return l.files.MatchString(name) })
	if k < 0 {
		return nil, nil
	}
	at, err := readArrayDir(filepath.Dir(file))
	if err != nil {
		return nil, unreadable(err)
	}
	at.only = name
	return openLayout(ctx, layouts[k], at, o)
}

func openLayout(ctx context.Context, l layout, at arrayDir, o Options) (*Data, error) {
	d := &Data{Layout: l.name, Dir: at.dir}
	if err := l.open(ctx, d, at, o); err != nil {
		d.Close()
		return nil, unreadable(err)
	}
	return d, nil
}

// unreadable adds advice to the error of a folder that cannot be read.
func unreadable(err error) error {
	if inner, ok := err.(*fs.PathError); ok { // other errors say it already
		return fileError(inner.Path, err, checkpoints.Remedy(err))
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
