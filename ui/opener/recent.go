package opener

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	tea "charm.land/bubbletea/v2"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/engine/preview"
	"hfcui/ui/session"
)

// Limits on the file of recent items, which others may have written.
const (
	mostRecent      = 20
	mostRecentBytes = 64 << 10
	mostPath        = 4096 // bytes
)

// Item is something that was opened.
type Item struct {
	Kind preview.Kind `json:"kind"`
	Path string       `json:"path"` // absolute, or an embedded name
}

// Recent is the list of what was opened recently, newest first, in a JSON file. It is a convenience:
// a file that cannot be read is an empty list, one that cannot be written stays as it is.
type Recent struct {
	path string // "" keeps nothing
	mu   sync.Mutex
}

// NewRecent returns the list in a file; "" keeps nothing.
func NewRecent(path string) *Recent { return &Recent{path: path} }

// RecentFile returns the file of recent items: recent.json in $XDG_STATE_HOME/hfcui, by default
// ~/.local/state/hfcui, or where there is no such convention in the user's cache folder. It is ""
// without a home folder.
func RecentFile() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hfcui", "recent.json")
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		if dir, err := os.UserCacheDir(); err == nil {
			return filepath.Join(dir, "hfcui", "recent.json")
		}
		return ""
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "hfcui", "recent.json")
}

// Items reads the list.
func (r *Recent) Items() []Item {
	if r.path == "" {
		return nil
	}
	info, err := os.Stat(r.path) // first, as opening a named pipe would block
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostRecentBytes {
		return nil
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return nil
	}
	var items []Item
	if json.Unmarshal(text, &items) != nil {
		return nil
	}
	items = slices.DeleteFunc(items, func(i Item) bool {
		known := i.Kind == preview.Model || i.Kind == preview.Data || i.Kind == preview.Image || i.Kind == preview.Runs
		return !known || i.Path == "" || len(i.Path) > mostPath
	})
	return items[:min(len(items), mostRecent)]
}

// Opened lists what a choice opens.
func Opened(c lab.Choice) (items []Item) {
	if len(c.Images) == 1 {
		items = append(items, Item{preview.Image, c.Images[0]})
	}
	if c.Data != "" {
		items = append(items, Item{preview.Data, c.Data})
	}
	if c.Model != "" {
		items = append(items, Item{preview.Model, c.Model})
	}
	return items
}

// Remember returns a command that adds items in the background.
func (r *Recent) Remember(s session.Screen, items ...Item) tea.Cmd {
	if r.path == "" || len(items) == 0 {
		return nil
	}
	return s.Task(func() tea.Msg {
		r.Add(items...)
		return nil
	})
}

// absolute returns an item's path from the root; names of embedded models and datasets are unchanged.
func (i Item) absolute() Item {
	name, _, _ := strings.Cut(i.Path, ":")
	if slices.Contains(checkpoints.EmbeddedNames(), i.Path) || slices.Contains(dataset.Names(), name) {
		return i
	}
	if at, err := filepath.Abs(i.Path); err == nil {
		i.Path = at
	}
	return i
}

// Add puts items first and writes the list atomically.
func (r *Recent) Add(items ...Item) {
	if r.path == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.Items()
	for _, item := range items {
		item = item.absolute()
		list = slices.DeleteFunc(list, func(i Item) bool { return i == item })
		list = slices.Insert(list, 0, item)
	}
	list = list[:min(len(list), mostRecent)]
	if os.MkdirAll(filepath.Dir(r.path), 0o700) != nil {
		return
	}
	checkpoints.WriteAtomic(r.path, func(w io.Writer) error { // not written: the list stays
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(list)
	})
}
