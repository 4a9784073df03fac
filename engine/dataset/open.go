package dataset

import (
	"context"
	"fmt"
	"hfcui/checkpoints"
	"io/fs"
	"os"
	"path/filepath"
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
}

// Layout is the file layout of a dataset.
type Layout string

// The supported layouts.
const (
	Procedural    Layout = "procedural"
	CIFARBinary   Layout = "CIFAR-10 binary"
	CIFARPython   Layout = "CIFAR-10 python"
	IDX           Layout = "IDX"
	ClassFolders  Layout = "class folders"
	LabeledImages Layout = "labeled images" // by a list
	Images        Layout = "images"
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
		return openCached(ctx, nameOrDir, o.Cache)
	}
	info, err := os.Stat(nameOrDir)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("%s: no such folder or dataset: the datasets are %s", nameOrDir, strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, fileError(nameOrDir, err, checkpoints.Remedy(err))
	}
	if info.IsDir() {
		return openAt(ctx, nameOrDir, layouts)
	}
	if d, err := openAt(ctx, nameOrDir, fileLayouts); d != nil || err != nil {
		return d, err
	}
	set, err := OpenImages([]string{nameOrDir})
	if err != nil {
		return nil, fmt.Errorf("%w; a dataset is a folder", err)
	}
	return &Data{Name: set.Name(), Layout: Images, Dir: filepath.Dir(nameOrDir), Test: set}, nil
}

// openCached opens a downloaded dataset.
func openCached(ctx context.Context, name, cache string) (*Data, error) {
	dir, err := cachedDir(name, cache)
	if err != nil {
		return nil, err
	}
	if !exists(dir) {
		return nil, fmt.Errorf("%s is not in %s: run: hfcui data get %s", name, filepath.Dir(dir), name)
	}
	d, err := openAt(ctx, dir, layouts)
	if err != nil {
		return nil, fmt.Errorf("%w (or remove %s and run: hfcui data get %s)", err, dir, name)
	}
	d.Name = name
	return d, nil
}

// layout is how the files of a dataset are arranged.
type layout struct {
	name Layout
	// find returns the folder of the files, which may be a subfolder of dir, or the file at a path; ""
	// if there is nothing of this layout.
	find func(path string) string
	// open sets the splits of d, whose Dir is what find returned, and its name.
	open func(ctx context.Context, d *Data) error
}

// layouts are the layouts of a folder, in the order they are tried. What none of them takes is a tree
// of images.
var layouts = []layout{
	{CIFARBinary, cifarIn("test_batch.bin", "data_batch_1.bin"), func(_ context.Context, d *Data) error { return d.openCIFAR() }},
	{CIFARPython, cifarIn("test_batch", "data_batch_1"), func(_ context.Context, d *Data) error { return d.openCIFARPython() }},
	{IDX, idxIn, func(_ context.Context, d *Data) error { return d.openIDX() }},
	{Images, imagesIn, func(ctx context.Context, d *Data) error { return d.openTree(ctx) }},
}

// fileLayouts are the layouts of a single file, as layouts are of a folder. What none of them takes is
// an image.
var fileLayouts = []layout{}

// openAt opens what is at a path in the first of some layouts that takes it; nil if none does.
func openAt(ctx context.Context, path string, all []layout) (*Data, error) {
	for _, l := range all {
		at := l.find(path)
		if at == "" {
			continue
		}
		d := &Data{Layout: l.name, Dir: at}
		if err := l.open(ctx, d); err != nil {
			d.Close()
			return nil, unreadable(err)
		}
		return d, nil
	}
	return nil, nil
}

// unreadable adds advice to the error of a folder that cannot be read.
func unreadable(err error) error {
	if inner, ok := err.(*fs.PathError); ok { // other errors say it already
		return fileError(inner.Path, err, checkpoints.Remedy(err))
	}
	return err
}

// firstIn returns a function that finds the first of some subfolders of a folder, "" being itself,
// that has what is looked for; "" if none has it.
func firstIn(subs []string, has func(dir string) bool) func(dir string) string {
	return func(dir string) string {
		for _, sub := range subs {
			if at := filepath.Join(dir, filepath.FromSlash(sub)); has(at) {
				return at
			}
		}
		return ""
	}
}

// cifarIn finds batches of CIFAR-10, e.g. in the folder of an unpacked archive.
func cifarIn(names ...string) func(dir string) string {
	return firstIn([]string{"", "cifar-10-batches-bin", "cifar-10-batches-py"}, func(dir string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return exists(filepath.Join(dir, name)) })
	})
}

// idxIn finds the files of MNIST and its kind, also where torchvision puts them.
var idxIn = firstIn([]string{"", "raw", "MNIST/raw", "FashionMNIST/raw"}, func(dir string) bool {
	return idxFile(dir, "t10k", "images", 3) != "" || idxFile(dir, "train", "images", 3) != ""
})

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
