package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// mostSeverity is the largest severity that a folder of a corruption is named by.
const mostSeverity = 10

// openCorruptionFolders opens a tree of corruption/severity/class, as ImageNet-C is; the corruptions
// may be in folders as its archives are, e.g. blur/defocus_blur, or be one. Class folders are listed
// when a corruption is opened.
func (d *Data) openCorruptionFolders(at *folder) (bool, error) {
	found := map[string]map[int]*folder{}
	var skipped []*folder
	if s := severities(at); s != nil {
		found[at.name] = s
	} else {
		groups := []*folder{}
		for _, dir := range at.dirs {
			if s := severities(dir); s != nil {
				found[dir.name] = s
			} else {
				groups = append(groups, dir)
			}
		}
		for _, group := range groups {
			if len(group.images) > 0 || len(group.dirs) == 0 || len(group.dirs) > 30 { // none has as many corruptions
				skipped = append(skipped, group)
				continue
			}
			if err := group.readDirs(); err != nil {
				return false, err
			}
			n := 0
			for _, dir := range group.dirs {
				if s := severities(dir); s != nil {
					found[dir.name] = s
					n++
				}
			}
			if n == 0 {
				skipped = append(skipped, group)
			}
		}
	}
	// Severities have class folders in them; numbers with images are classes.
	for name, all := range found {
		if err := readFolders(slices.Collect(maps.Values(all))); err != nil {
			return false, err
		}
		for severity, dir := range all {
			if len(dir.dirs) == 0 || len(dir.images) > 0 {
				delete(all, severity)
			}
		}
		if len(all) == 0 {
			delete(found, name)
		}
	}
	if len(found) == 0 || len(skipped) > len(found) {
		return false, nil
	}
	d.Layout = ClassFolders
	d.skipped.add(len(skipped)+len(at.images), "file or folder beside the corruptions", "files and folders beside the corruptions")
	tree := &corruptions{open: func(name string, severity int) (Set, error) { return d.openSeverity(found[name][severity]) }}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		tree.list = append(tree.list, Corruption{Name: name, Severities: slices.Sorted(maps.Keys(found[name]))})
	}
	d.corruptions = tree
	return true, nil
}

// severities returns the folders of a corruption by their severity; nil if it has others.
func severities(dir *folder) map[int]*folder {
	all := map[int]*folder{}
	for _, sub := range dir.dirs {
		n, err := strconv.Atoi(sub.name)
		if err != nil || n < 1 || n > mostSeverity || strconv.Itoa(n) != sub.name {
			return nil
		}
		all[n] = sub
	}
	if len(all) == 0 || len(dir.images) > 0 || isNumber(dir.name) || isWNID(dir.name) {
		return nil
	}
	if kind, _ := splitOf(dir.name); kind != noSplit {
		return nil
	}
	return all
}

// openSeverity opens the images of one severity.
func (d *Data) openSeverity(dir *folder) (Set, error) {
	one := &Data{Name: strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Name, d.Corruption, dir.name)), Dir: dir.path}
	opened, err := one.openOne(dir)
	if err == nil && !opened {
		err = fmt.Errorf("%s: no class folders with images", dir.path)
	}
	if err != nil {
		return nil, err
	}
	if d.Test == nil { // the data are being opened
		d.Aliases, d.Unordered = one.Aliases, one.Unordered
		d.notes(one.Notes)
	}
	return one.Test, nil
}
