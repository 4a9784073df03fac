package follow

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/train"
)

// runPause is the minimum time between checks whether a folder is still a run folder.
const runPause = time.Second

// Snapshot is a file of weights in a folder.
type Snapshot struct {
	Path string
	Time time.Time // modification time
	// Number is the last number in the file's name, e.g. 12 of "resnet18-epoch12.pt"; −1 if there
	// is none.
	Number int
	File   *checkpoints.File // nil if Err is set
	Err    error             // if it cannot be read
}

// patience is the time after which an unreadable file that does not change is no longer considered
// incomplete.
const patience = 3 * time.Second

// Snapshots follows a folder, which need not exist yet, of safetensors files or PyTorch state
// dicts, until ctx ends. A run folder has none. It calls found with every file when it is complete,
// and again when it is replaced; existing ones first, ordered by number, or by time if some have
// none.
func Snapshots(ctx context.Context, dir string, o Options, found func(Snapshot)) error {
	o = o.filled()
	w := snapshots{dir: dir, seen: make(map[string]*seen)}
	for ctx.Err() == nil {
		if w.run() {
			rest(ctx, max(o.Every, runPause))
			continue
		}
		if err := w.look(ctx, time.Now(), found); err != nil {
			return err
		}
		rest(ctx, o.Every)
	}
	return nil
}

// Present calls found with every file of weights currently in a folder, in the same order.
func Present(ctx context.Context, dir string, found func(Snapshot)) error {
	w := snapshots{dir: dir, seen: make(map[string]*seen)}
	now := time.Now().Add(-patience)
	for range 2 { // a file is reported when it is unchanged since the last look
		if err := w.look(ctx, now, found); err != nil {
			return err
		}
		now = time.Now()
	}
	return ctx.Err()
}

// IsSnapshot reports whether a file's name is that of weights.
func IsSnapshot(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pt", ".pth", ".safetensors":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

type snapshots struct {
	dir  string
	seen map[string]*seen
}

// seen is the state of a file at the last look.
type seen struct {
	size  int64
	time  time.Time
	since time.Time // when it was first seen in this state
	given bool
}

// run reports whether the folder is a run's, by the first file of a run.
func (w *snapshots) run() bool {
	_, err := os.Stat(filepath.Join(w.dir, train.EventsFile))
	return err == nil
}

// look reports files that have not changed since the last look.
func (w *snapshots) look(ctx context.Context, now time.Time, found func(Snapshot)) error {
	if w.run() {
		return nil
	}
	entries, err := os.ReadDir(w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var still []Snapshot
	there := make(map[string]bool)
	for _, e := range entries {
		if !IsSnapshot(e.Name()) {
			continue
		}
		path := filepath.Join(w.dir, e.Name())
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			continue
		}
		there[path] = true
		s := w.seen[path]
		if s == nil || s.size != info.Size() || !s.time.Equal(info.ModTime()) {
			w.seen[path] = &seen{size: info.Size(), time: info.ModTime(), since: now}
			continue
		}
		if !s.given {
			still = append(still, Snapshot{Path: path, Time: info.ModTime(), Number: lastNumber(e.Name())})
		}
	}
	for path := range w.seen {
		if !there[path] {
			delete(w.seen, path)
		}
	}
	inOrder(still)
	for _, s := range still {
		if ctx.Err() != nil {
			return nil
		}
		w.give(s, now, found)
	}
	return nil
}

// give reads and reports a file. An unreadable one may be incomplete.
func (w *snapshots) give(s Snapshot, now time.Time, found func(Snapshot)) {
	s.File, s.Err = checkpoints.Open(s.Path)
	at := w.seen[s.Path]
	if s.Err != nil && now.Sub(at.since) < patience {
		return
	}
	at.given = true
	found(s)
}

func inOrder(s []Snapshot) {
	numbered := !slices.ContainsFunc(s, func(s Snapshot) bool { return s.Number < 0 })
	slices.SortFunc(s, func(a, b Snapshot) int {
		if c := cmp.Compare(a.Number, b.Number); numbered && c != 0 {
			return c
		}
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Path, b.Path))
	})
}

var digits = regexp.MustCompile(`[0-9]+`)

func lastNumber(name string) int {
	all := digits.FindAllString(strings.TrimSuffix(name, filepath.Ext(name)), -1)
	if len(all) == 0 {
		return -1
	}
	n, err := strconv.Atoi(all[len(all)-1])
	if err != nil {
		return -1
	}
	return n
}
