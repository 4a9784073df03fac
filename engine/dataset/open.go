package dataset

import (
	"context"
	"fmt"
	"hfcui/checkpoints"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Options configures Open.
type Options struct {
	Cache string // "": CacheDir()

	// Corruption and Severity choose the test images of a tree of corruptions; "" and 0: the first of
	// Data.Corruptions and the lowest.
	Corruption string
	Severity   int
}

// Layout is the file layout of a dataset.
type Layout string

// The supported layouts.
const (
	Procedural   Layout = "procedural"
	CIFARBinary  Layout = "CIFAR-10 binary"
	CIFARPython  Layout = "CIFAR-10 python"
	IDX          Layout = "IDX"
	ClassFolders Layout = "class folders"
	Images       Layout = "images"
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
	if err := d.chooseCorruption(o.Corruption, o.Severity); err != nil {
		d.Close()
		return nil, err
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
		return openCached(nameOrDir, o.Cache)
	}
	info, err := os.Stat(nameOrDir)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("%s: no such folder or dataset: the datasets are %s", nameOrDir, strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, fileError(nameOrDir, err, checkpoints.Remedy(err))
	}
	if info.IsDir() {
		return openDir(nameOrDir)
	}
	set, err := OpenImages([]string{nameOrDir})
	if err != nil {
		return nil, fmt.Errorf("%w; a dataset is a folder", err)
	}
	return &Data{Name: set.Name(), Layout: Images, Dir: filepath.Dir(nameOrDir), Test: set}, nil
}

// openCached opens a downloaded dataset.
func openCached(name, cache string) (*Data, error) {
	dir, err := cachedDir(name, cache)
	if err != nil {
		return nil, err
	}
	if !exists(dir) {
		return nil, fmt.Errorf("%s is not in %s: run: hfcui data get %s", name, filepath.Dir(dir), name)
	}
	d, err := openDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (or remove %s and run: hfcui data get %s)", err, dir, name)
	}
	d.Name = name
	return d, nil
}

// openDir opens a folder of any layout.
func openDir(dir string) (*Data, error) {
	layout, at, tree, err := detect(dir)
	if err != nil {
		return nil, unreadable(err)
	}
	d := &Data{Layout: layout, Dir: at}
	switch layout {
	case CIFARBinary:
		err = d.openCIFAR()
	case CIFARPython:
		err = d.openCIFARPython()
	case IDX:
		err = d.openIDX()
	case ClassFolders:
		err = d.openClassFolders(tree)
	default:
		d.openImageFolder(tree.loose)
	}
	if err != nil {
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

// detect returns the layout of the dataset in a folder and the folder of its files, which may be a
// subfolder, e.g. cifar-10-batches-bin of an unpacked archive.
func detect(dir string) (Layout, string, folderTree, error) {
	for _, sub := range []string{"", "cifar-10-batches-bin", "cifar-10-batches-py"} {
		at := filepath.Join(dir, sub)
		if exists(filepath.Join(at, "test_batch.bin")) || exists(filepath.Join(at, "data_batch_1.bin")) {
			return CIFARBinary, at, folderTree{}, nil
		}
		if exists(filepath.Join(at, "test_batch")) || exists(filepath.Join(at, "data_batch_1")) {
			return CIFARPython, at, folderTree{}, nil
		}
	}
	for _, sub := range []string{"", "raw", "MNIST/raw", "FashionMNIST/raw"} {
		at := filepath.Join(dir, filepath.FromSlash(sub))
		if idxFile(at, "t10k", "images", 3) != "" || idxFile(at, "train", "images", 3) != "" {
			return IDX, at, folderTree{}, nil
		}
	}
	tree, err := readTree(dir)
	switch {
	case err != nil:
		return "", "", tree, err
	case tree.test != "" || len(tree.classes) > 0:
		return ClassFolders, dir, tree, nil
	case len(tree.loose) > 0:
		return Images, dir, tree, nil
	case tree.train:
		return "", "", tree, fmt.Errorf("%s: has a folder train but none named test or val: open %s instead", dir, filepath.Join(dir, "train"))
	}
	return "", "", tree, fmt.Errorf("%s: no dataset found: use CIFAR-10 (data_batch_1.bin or data_batch_1 …), IDX files (train-images-idx3-ubyte …), class folders or images", dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
