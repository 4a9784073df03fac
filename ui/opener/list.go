package opener

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/imagefile"
	"hfcui/engine/preview"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// mostEntries bounds how many entries of a folder are listed.
const mostEntries = 5000

// entry is a row of the list.
type entry struct {
	text, note string // safe to print
	path       string // what is opened; its text when it is completed
	into       string // of a folder: the text that lists it
	split      string // a split of the open data instead
	device     string // a device instead, as in --device
	about      string // it
}

// listing is the entries of a folder.
type listing struct {
	folder  string // as typed: "" is the current one
	entries []entry
	err     error
}

// list reads a folder: folders first, then models and images, then other files, by name. Hidden
// entries are left out.
func list(folder string) listing {
	l := listing{folder: folder}
	f, err := os.Open(cmp.Or(session.FullPath(folder), "."))
	if err != nil {
		l.err = err
		return l
	}
	defer f.Close()
	found, err := f.ReadDir(mostEntries)
	if err != nil && err != io.EOF {
		l.err = err
		return l
	}
	for _, e := range found {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		at := filepath.Join(session.FullPath(folder), e.Name())
		info, err := os.Stat(at) // of what a link leads to
		if err != nil {
			continue
		}
		row := entry{text: kit.Clean(e.Name()), path: cmp.Or(folder, "."+separator) + e.Name(), note: preview.Bytes(info.Size())}
		if info.IsDir() {
			row.text, row.note, row.into = row.text+separator, "folder", row.path+separator
		}
		l.entries = append(l.entries, row)
	}
	slices.SortStableFunc(l.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.text, b.text))
	})
	if len(found) == mostEntries {
		l.entries = append(l.entries, entry{text: "… more: type the name"})
	}
	return l
}

// rank orders entries of a folder.
func rank(e entry) int {
	if e.into != "" {
		return 0
	}
	switch strings.ToLower(filepath.Ext(e.path)) {
	case ".safetensors", ".pt", ".pth", ".onnx", ".ckpt", ".th", ".tar":
		return 1
	}
	if imagefile.HasName(e.path) {
		return 2
	}
	return 3
}

// Wanted is what a dialog is opened for.
type Wanted int

// What can be wanted.
const (
	Anything Wanted = iota
	OnlyData        // for a model that was opened without
)

// fits reports whether something of a kind is wanted.
func (w Wanted) fits(k preview.Kind) bool { return w == Anything || k == preview.Data }

// known lists what can be opened without a path: earlier runs, recent items, other splits, embedded models and named
// datasets.
func (d *Opener) known() (list []entry) {
	s := d.session
	seen := map[string]bool{}
	if d.earlier > 0 && d.wanted == Anything {
		list = append(list, entry{text: follow.RunsFolder + separator, note: kit.Counted(d.earlier, "earlier run"), path: follow.RunsFolder + separator})
	}
	for _, item := range d.items {
		if d.wanted.fits(item.Kind) && (s.Modeled() || item.Kind == preview.Runs) {
			seen[item.Path] = true
			list = append(list, entry{text: kit.Clean(shorten(item.Path)), note: "recent " + string(item.Kind), path: item.Path})
		}
	}
	if !s.Modeled() {
		return list
	}
	if d.wanted == Anything {
		for _, split := range s.Info.Splits {
			if split != s.Info.Split {
				list = append(list, entry{text: split, note: "split of " + kit.Clean(s.Info.Data), split: split})
			}
		}
	}
	if d.wanted == Anything {
		for _, name := range checkpoints.EmbeddedNames() {
			if !seen[name] {
				list = append(list, entry{text: name, note: "embedded model", path: name})
			}
		}
	}
	for _, set := range d.named {
		note := "dataset"
		if !set.Ready {
			note = "dataset, not downloaded"
		}
		if !seen[set.Name] {
			list = append(list, entry{text: set.Name, note: note, path: set.Name})
		}
	}
	return list
}

// computing lists the devices that the open model can run on, and kinds that are missing.
func (d *Opener) computing() (list []entry) {
	if d.wanted != Anything {
		return nil
	}
	for _, dev := range d.devices {
		note := "compute device"
		switch {
		case dev.InUse:
			note = "in use"
		case !dev.Found:
			note = "unavailable"
		}
		list = append(list, entry{text: "device " + kit.Clean(dev.Name), note: note, device: dev.Name, about: kit.Clean(dev.About)})
	}
	return list
}

// named lists the datasets with a name; none if there is no cache folder.
func named() []dataset.Listing {
	list, err := dataset.List("")
	if err != nil {
		return nil
	}
	return list
}
