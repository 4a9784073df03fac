package dataset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"hfcui/engine/imagefile"
)

const (
	maxDepth   = 12      // of a tree of folders
	maxFolders = 250_000 // that are read; ImageNet-C has 95,000
	// treeReaders is the number of folders that are read at once: reads wait for the disk or the
	// network, not for a core.
	treeReaders = 16
)

// folder is a folder of a tree. Its contents are listed when they are asked for, so that a tree is
// read no further than its layout needs.
type folder struct {
	scan   *scan
	parent *folder
	path   string
	name   string
	depth  int

	once   sync.Once
	err    error
	images []string  // names of image files, sorted
	others []string  // names of other files, sorted
	dirs   []*folder // sorted by name
}

// scan is the reading of one tree.
type scan struct {
	ctx     context.Context
	folders atomic.Int64 // that were read
	hidden  atomic.Int64 // entries that were passed over: hidden ones, and those of other systems
}

// newTree returns the root of a tree of folders.
func newTree(ctx context.Context, dir string) *folder {
	return &folder{scan: &scan{ctx: ctx}, path: dir, name: filepath.Base(dir)}
}

// read lists the folder, once. Links are followed, except to folders they are in. A broken one is
// listed as a file, so that opening it reports the error.
func (f *folder) read() error {
	f.once.Do(func() { f.err = f.list() })
	return f.err
}

func (f *folder) list() error {
	if err := f.scan.ctx.Err(); err != nil {
		return err
	}
	if f.depth > maxDepth || f.scan.folders.Add(1) > maxFolders {
		return fmt.Errorf("%s: more than %d levels or %d folders: open a folder further in", f.path, maxDepth, maxFolders)
	}
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || name == "__MACOSX" || name == "@eaDir" {
			f.scan.hidden.Add(1)
			continue
		}
		isDir := e.IsDir()
		if e.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(f.path, name))
			isDir = err == nil && info.IsDir()
			if isDir && f.within(info) {
				continue
			}
		}
		switch {
		case isDir:
			f.dirs = append(f.dirs, &folder{scan: f.scan, parent: f, path: filepath.Join(f.path, name), name: name, depth: f.depth + 1})
		case imagefile.HasName(name):
			f.images = append(f.images, name)
		default:
			f.others = append(f.others, name)
		}
	}
	return nil
}

// within reports whether f is, or is in, a folder.
func (f *folder) within(info os.FileInfo) bool {
	for ; f != nil; f = f.parent {
		if own, err := os.Stat(f.path); err == nil && os.SameFile(own, info) {
			return true
		}
	}
	return false
}

// readDirs lists the subfolders, in parallel.
func (f *folder) readDirs() error {
	if err := f.read(); err != nil {
		return err
	}
	return readFolders(f.dirs)
}

// readFolders lists folders, in parallel.
func readFolders(all []*folder) error {
	return eachOf(treeReaders, len(all), func(k int) error { return all[k].read() })
}

// readBelow lists all folders of a tree, level by level.
func (f *folder) readBelow() error {
	for level := []*folder{f}; len(level) > 0; {
		if err := readFolders(level); err != nil {
			return err
		}
		var next []*folder
		for _, d := range level {
			next = append(next, d.dirs...)
		}
		level = next
	}
	return nil
}

// walk calls do for the folder and those below, which have been read.
func (f *folder) walk(do func(*folder)) {
	do(f)
	for _, d := range f.dirs {
		d.walk(do)
	}
}

// imagesBelow counts the images of the folder and those below, which have been read.
func (f *folder) imagesBelow() (n int) {
	f.walk(func(d *folder) { n += len(d.images) })
	return n
}

// dir returns the subfolder of a name, in any case, of a folder that has been read; nil if there is
// none. An exact match comes first.
func (f *folder) dir(name string) *folder {
	var found *folder
	for _, d := range f.dirs {
		if d.name == name {
			return d
		}
		if found == nil && strings.EqualFold(d.name, name) {
			found = d
		}
	}
	return found
}

// file returns the path of a file that is no image, in any case; "" if there is none.
func (f *folder) file(name string) string {
	for _, other := range f.others {
		if strings.EqualFold(other, name) {
			return filepath.Join(f.path, other)
		}
	}
	return ""
}
