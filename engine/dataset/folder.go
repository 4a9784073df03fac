package dataset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hfcui/engine/imagefile"
	"hfcui/engine/lru"
	"hfcui/engine/printable"
)

// files is a set of image files of any size, decoded on demand.
type files struct {
	name, split string
	classes     []string // nil: no labels
	paths       []string
	labels      []uint32 // as many as paths, or none
	cache       *lru.Cache[int, *Image]
}

// filesCacheBytes bounds the cache of decoded images: enough to switch between a few photographs.
const filesCacheBytes = 48 << 20

func newFiles(name, split string) *files {
	return &files{name: name, split: split, cache: newImageCache(filesCacheBytes)}
}

func (f *files) Name() string         { return f.name }
func (f *files) Split() string        { return f.split }
func (f *files) Len() int             { return len(f.paths) }
func (f *files) Classes() []string    { return f.classes }
func (f *files) Shape() (c, h, w int) { return 0, 0, 0 }

func (f *files) Label(i int) int {
	if f.classes == nil {
		_ = f.paths[i]
		return -1
	}
	return int(f.labels[i])
}

func (f *files) Title(i int) string {
	if name := strings.TrimSpace(printable.Line(filepath.Base(f.paths[i]))); name != "" {
		return name
	}
	return fmt.Sprintf("%s %d", f.split, i)
}

func (f *files) Image(i int) (*Image, error) {
	path := f.paths[i]
	return f.cache.GetOrLoad(i, func() (*Image, error) { return ReadImage(path) })
}

// imageAs bypasses the cache: callers cache images at their own size.
func (f *files) imageAs(i, c, h, w int) (*Image, error) {
	if im, ok := f.cache.Peek(i); ok {
		return im.Resize(c, h, w), nil
	}
	return readImageAs(f.paths[i], c, h, w)
}

func (f *files) ReadBatch(dst []float32, labels []int, indices []int) error {
	return errNoFixedShape
}

// OpenImages returns an unlabeled set of image files of any size. Headers are checked; pixels are
// read on demand.
func OpenImages(paths []string) (Set, error) {
	if len(paths) == 0 {
		return nil, errors.New("no images given")
	}
	f := newFiles("images", "test")
	if len(paths) == 1 {
		f.name = displayName(paths[0])
	}
	for _, path := range paths {
		if err := checkImage(path); err != nil {
			return nil, err
		}
		f.paths = append(f.paths, path)
	}
	return f, nil
}

// checkImage reads the header of an image file.
func checkImage(path string) error {
	f, _, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := imagefile.ReadConfig(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// imagesIn takes every folder: it is the last layout that is tried.
func imagesIn(dir string) string { return dir }

// openTree opens a folder with images in it or in folders of it.
func (d *Data) openTree(context.Context) error {
	tree, err := readTree(d.Dir)
	switch {
	case err != nil:
		return err
	case tree.test != "" || len(tree.classes) > 0:
		d.Layout = ClassFolders
		return d.openClassFolders(tree)
	case len(tree.loose) > 0:
		d.openImageFolder(tree.loose)
		return nil
	case tree.train:
		return fmt.Errorf("%s: has a folder train but none named test or val: open %s instead", d.Dir, filepath.Join(d.Dir, "train"))
	}
	return fmt.Errorf("%s: no dataset found: use CIFAR-10 (data_batch_1.bin or data_batch_1 …), IDX files (train-images-idx3-ubyte …), class folders or images", d.Dir)
}

// openImageFolder opens a folder of images without labels.
func (d *Data) openImageFolder(names []string) {
	d.Name = displayName(d.Dir)
	f := newFiles(d.Name, "test")
	for _, name := range names {
		f.paths = append(f.paths, filepath.Join(d.Dir, name))
	}
	d.Test = f
}

// openClassFolders opens a folder of class folders, or of folders train and test (or val) of class
// folders.
func (d *Data) openClassFolders(tree folderTree) (err error) {
	d.Name = displayName(d.Dir)
	if tree.test == "" {
		d.Test = d.newClassSet("test", d.Dir, tree.classes, tree.images)
		return nil
	}
	testDir, trainDir := filepath.Join(d.Dir, tree.test), filepath.Join(d.Dir, "train")
	testImages, err := imagesByClass(testDir)
	if err != nil {
		return err
	}
	if len(testImages) == 0 {
		return fmt.Errorf("%s: no class folders with images: add one folder per class", testDir)
	}
	trainImages := map[string][]string{}
	if tree.train {
		if trainImages, err = imagesByClass(trainDir); err != nil {
			return err
		}
	}
	both := maps.Clone(testImages) // the same labels for both splits
	maps.Copy(both, trainImages)
	classes := slices.Sorted(maps.Keys(both))
	d.Test = d.newClassSet("test", testDir, classes, testImages)
	if len(trainImages) > 0 {
		d.Train = d.newClassSet("train", trainDir, classes, trainImages)
	}
	return nil
}

// newClassSet lists the images of sorted classes.
func (d *Data) newClassSet(split, dir string, classes []string, images map[string][]string) *files {
	f := newFiles(d.Name, split)
	f.classes = []string{}
	for label, class := range classes {
		title := strings.TrimSpace(printable.Line(class))
		if title == "" {
			title = fmt.Sprintf("class %d", label)
		}
		f.classes = append(f.classes, title)
		for _, name := range images[class] {
			f.paths = append(f.paths, filepath.Join(dir, class, name))
			f.labels = append(f.labels, uint32(label))
		}
	}
	return f
}

// folderTree is the contents of a folder.
type folderTree struct {
	loose   []string            // images directly in it
	classes []string            // sorted folders with images
	images  map[string][]string // of each class
	train   bool                // it has a folder train
	test    string              // name of its test folder: test or val
}

// readTree lists a folder and its subfolders, no deeper, so that cycles of links end.
func readTree(dir string) (t folderTree, err error) {
	loose, folders, err := listImages(dir)
	if err != nil {
		return t, err
	}
	t.loose = loose
	t.train = slices.Contains(folders, "train")
	for _, name := range []string{"val", "test"} {
		if slices.Contains(folders, name) {
			t.test = name
		}
	}
	if t.images, err = imagesByClass(dir); err != nil {
		return t, err
	}
	t.classes = slices.Sorted(maps.Keys(t.images))
	// Folders named train, test or val that directly contain images are classes.
	if t.test != "" && t.images[t.test] != nil {
		t.test = ""
	}
	if t.images["train"] != nil {
		t.train = false
	}
	return t, nil
}

// imagesByClass lists the images in each folder of dir that has any.
func imagesByClass(dir string) (map[string][]string, error) {
	_, folders, err := listImages(dir)
	if err != nil {
		return nil, err
	}
	images, total := map[string][]string{}, 0
	for _, folder := range folders {
		names, _, err := listImages(filepath.Join(dir, folder))
		if err != nil {
			return nil, err
		}
		if total += len(names); total > math.MaxInt32 {
			return nil, fmt.Errorf("%s: more than %d images", dir, math.MaxInt32)
		}
		if len(names) > 0 {
			images[folder] = names
		}
	}
	return images, nil
}

// listImages returns the names of a folder's image files and folders, sorted, without hidden ones.
// Links are followed; a broken one is listed as a file if it has the name of an image, so that
// opening it reports the error.
func listImages(dir string) (images, folders []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		isDir := e.IsDir()
		if e.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(dir, name))
			isDir = err == nil && info.IsDir()
		}
		switch {
		case isDir:
			folders = append(folders, name)
		case imagefile.HasName(name):
			images = append(images, name)
		}
	}
	return images, folders, nil
}

// displayName is the name of a dataset at path.
func displayName(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if name := strings.TrimSpace(printable.Line(filepath.Base(path))); name != "" {
		return name
	}
	return "images"
}
