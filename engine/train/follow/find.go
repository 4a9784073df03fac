package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hfcui/engine/train"
)

// Limits on the search for runs below a folder.
const (
	maxDepth   = 4      // levels of folders
	maxRuns    = 512    // found
	maxFolders = 20_000 // looked at
)

// Find returns the folders to follow: those of paths that have a run or checkpoints, and all such
// folders below the others. A path to a single folder without any is returned as it is, since a run
// may start there; of several paths, those are skipped, as notes say. With absent, so are folders
// that do not exist yet. Missing folders are an error otherwise, files always.
func Find(paths []string, absent bool) (dirs, notes []string, err error) {
	f := finder{seen: map[string]bool{}}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && absent:
			f.add(path)
			continue
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil, fmt.Errorf("%s: no such folder: name an existing one, or use --wait to wait for it", path)
		case err != nil:
			return nil, nil, fmt.Errorf("%s: cannot be read (%w): name a folder of runs", path, cause(err))
		case !info.IsDir() && len(paths) == 1:
			return nil, nil, fmt.Errorf("%s: not a folder: name the folder of a run or of checkpoints", path)
		case !info.IsDir():
			f.skip(path, "not a folder")
			continue
		}
		before := f.met
		if err := f.look(path, 0); err != nil {
			return nil, nil, fmt.Errorf("%s: cannot be read (%w): name a folder of runs", path, cause(err))
		}
		switch {
		case f.met > before || f.full:
		case len(paths) == 1:
			f.add(path)
		default:
			f.skip(path, "no run or checkpoints in it")
		}
	}
	if f.full {
		f.notes = append(f.notes, fmt.Sprintf("more than %d runs or %d folders: only the first %d runs are followed; name fewer folders", maxRuns, maxFolders, len(f.dirs)))
	}
	if len(f.skipped) > 0 {
		f.notes = append(f.notes, "skipped "+shortList(f.skipped))
	}
	if len(f.dirs) == 0 {
		return nil, f.notes, fmt.Errorf("%s: no run or checkpoints in any of these: name folders of runs", shortList(paths))
	}
	return f.dirs, f.notes, nil
}

// finder collects folders.
type finder struct {
	dirs, notes, skipped []string
	seen                 map[string]bool
	met, looked          int  // folders with runs, also those met before; folders
	full                 bool // a limit was reached
}

// add adds a folder once.
func (f *finder) add(dir string) {
	f.met++
	if key := filepath.Clean(dir); !f.seen[key] {
		f.seen[key] = true
		f.dirs = append(f.dirs, dir)
	}
}

func (f *finder) skip(path, why string) {
	f.skipped = append(f.skipped, path+" ("+why+")")
}

// look adds a folder that has a run or checkpoints, or else those below it. The error is that of
// reading the folder itself.
func (f *finder) look(dir string, depth int) error {
	if f.looked++; f.looked > maxFolders || len(f.dirs) >= maxRuns {
		f.full = true
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() == train.EventsFile || e.Name() == train.ConfigFile || IsSnapshot(e.Name())
	}) {
		f.add(dir)
		return nil
	}
	if depth == maxDepth {
		return nil
	}
	for _, e := range entries {
		below := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(below); err != nil || !info.IsDir() {
			continue
		}
		if err := f.look(below, depth+1); err != nil {
			f.skip(below, cause(err).Error())
		}
	}
	return nil
}

// cause returns err without the system call and the path.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// shortList joins the first few elements.
func shortList(list []string) string {
	const most = 4
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// Names returns short names for folders: as many of the last parts of their paths as tell them
// apart.
func Names(dirs []string) []string {
	parts := make([][]string, len(dirs))
	longest := 1
	for i, dir := range dirs {
		parts[i] = strings.Split(filepath.ToSlash(filepath.Clean(dir)), "/")
		longest = max(longest, len(parts[i]))
	}
	names := make([]string, len(dirs))
	for n := 1; n <= longest; n++ {
		seen := map[string]bool{}
		for i, p := range parts {
			names[i] = strings.Join(p[max(0, len(p)-n):], "/")
			seen[names[i]] = true
		}
		if len(seen) == len(dirs) {
			break
		}
	}
	return names
}

// RunsFolder is the folder in which runs are started by default.
const RunsFolder = "runs"

// Earlier returns the run folders in the folder of runs below base; none if it cannot be read.
func Earlier(base string) []string {
	at := filepath.Join(base, RunsFolder)
	if info, err := os.Stat(at); err != nil || !info.IsDir() {
		return nil
	}
	f := finder{seen: map[string]bool{}}
	if f.look(at, 0) != nil {
		return nil
	}
	return f.dirs
}

// Unfinished is a run that was interrupted, and its last event; zero if it has none.
type Unfinished struct {
	Dir, Name string // Name is relative to the folder of runs
	Config    train.Config
	Last      train.Stamp
}

// Resumable lists the runs in the folder of runs below base that can be resumed, newest first. Those
// that another process is training cannot.
func Resumable(base string) []Unfinished {
	var list []Unfinished
	for _, dir := range Earlier(base) {
		c, err := train.ReadConfig(dir)
		if err != nil || train.Active(dir) {
			continue
		}
		run := Unfinished{Dir: dir, Config: c}
		e, err := train.LastEvent(dir)
		if end, ok := e.(*train.EndEvent); err != nil || ok && (end.Reason == train.Finished || end.Reason == train.Diverged) {
			continue
		}
		if e != nil {
			run.Last = *e.At()
		}
		if run.Name, err = filepath.Rel(filepath.Join(base, RunsFolder), dir); err != nil {
			run.Name = dir
		}
		list = append(list, run)
	}
	slices.SortStableFunc(list, func(a, b Unfinished) int { return b.Last.Time.Compare(a.Last.Time) })
	return list
}
