package dataset

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// arrayDir is a folder and the files in it.
type arrayDir struct {
	dir     string
	files   []string // sorted names of those that are not hidden
	folders []string // likewise
	only    string   // the file that was opened; "": the folder was
}

func (p arrayDir) has(name string) bool {
	_, found := slices.BinarySearch(p.files, name)
	return found
}

func (p arrayDir) path(name string) string { return filepath.Join(p.dir, name) }

// any returns the files whose name matches a pattern.
func (p arrayDir) matching(pattern *regexp.Regexp) (names []string) {
	for _, name := range p.files {
		if pattern.MatchString(name) {
			names = append(names, name)
		}
	}
	return names
}

// unpacked are the folders in archives and those of torchvision, in which datasets are looked for.
var unpacked = regexp.MustCompile(`(?i)^(cifar-10-batches-(bin|py)|cifar-100-(binary|python)|stl10_binary|raw|gzip|(Fashion|K|Q|E)?MNIST)$`)

// arrayDirs lists a folder and the subfolders in which datasets are looked for.
func arrayDirs(dir string) ([]arrayDir, error) {
	p, err := readArrayDir(dir)
	if err != nil {
		return nil, err
	}
	places := []arrayDir{p}
	for _, name := range p.folders {
		if !unpacked.MatchString(name) {
			continue
		}
		sub, err := readArrayDir(p.path(name))
		if err != nil {
			return nil, err
		}
		places = append(places, sub)
		if slices.Contains(sub.folders, "raw") {
			if sub, err = readArrayDir(sub.path("raw")); err != nil {
				return nil, err
			}
			places = append(places, sub)
		}
	}
	return places, nil
}

// readArrayDir lists a folder's files and subfolders.
func readArrayDir(dir string) (p arrayDir, err error) {
	p.dir = dir
	entries, err := os.ReadDir(dir)
	if err != nil {
		return p, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			if info, err := os.Stat(p.path(e.Name())); err == nil {
				mode = info.Mode().Type()
			}
		}
		if mode.IsDir() {
			p.folders = append(p.folders, e.Name())
		} else {
			p.files = append(p.files, e.Name())
		}
	}
	return p, nil
}

// maxShardFolders is the most subfolders in which shards are looked for, well below those of a tree of
// classes that is large.
const maxShardFolders = 20

// shardFile is a file with a part of a split.
type shardFile struct {
	path, split string
}

// shards lists the files that match a pattern, or the one that was opened. If there are none in the
// folder itself, they are looked for in its subfolders, e.g. data, or train and test.
func (p arrayDir) shards(pattern *regexp.Regexp) (all []shardFile, err error) {
	add := func(dir string, names []string) {
		for _, name := range names {
			split := splitWord(words(name))
			if split == "" {
				split = splitWord(words(filepath.Base(dir)))
			}
			all = append(all, shardFile{filepath.Join(dir, name), split})
		}
	}
	if p.only != "" {
		add(p.dir, []string{p.only})
		return all, nil
	}
	if add(p.dir, p.matching(pattern)); len(all) > 0 || len(p.folders) > maxShardFolders {
		return all, nil
	}
	var others []string // subfolders that are no splits
	for _, name := range p.folders {
		sub, err := readArrayDir(p.path(name))
		if err != nil {
			return nil, err
		}
		found := sub.matching(pattern)
		if len(found) > 0 && splitWord(words(name)) == "" {
			others = append(others, sub.dir)
		}
		add(sub.dir, found)
	}
	if len(others) > 1 {
		return nil, fmt.Errorf("%s: several datasets: open one of %s", p.dir, strings.Join(others, ", "))
	}
	return all, nil
}
