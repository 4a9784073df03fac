package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hfcui/engine/train"
)

// Dir is where an experiment lies unless another folder is named.
func Dir(root string, e Experiment, size Size) string {
	return filepath.Join(root, e.Name+"-"+string(size))
}

// Folder is what an experiment's folder says of it, whoever writes it.
type Folder struct {
	Dir     string
	Plan    *Plan // as it was begun, without tables, figures and criteria; nil before
	Runs    []FolderRun
	Done    int           // runs
	Running bool          // somebody is at it: a run wrote something lately
	Part    float64       // of the whole, 0 to 1
	Left    time.Duration // 0: not known
	Summary *Summary      // what the report says; nil before there is one
	Stale   bool          // the report rests on other runs than there are now
	Err     error         // why something of it cannot be read
}

// FolderRun is a run of the grid.
type FolderRun struct {
	Setting string
	Seed    uint64
	Dir     string
	Begun   bool
	Done    bool
	Epoch   int // whole ones
	Epochs  int
	Reason  string // of its end; "" while it has none
	Weights string // digest of what it came to; "" while it has not
}

// Data is what the experiment was begun on.
func (f Folder) Data() string {
	if f.Plan == nil {
		return ""
	}
	return f.Plan.data()
}

// Cells is how many runs a plan has.
func (p Plan) Cells() int { return len(p.Settings) * len(p.Seeds) }

// silence is how long a run writes nothing before nobody seems to be at it.
const silence = time.Minute

// Looker looks at experiments' folders again and again: what did not change is not read
// again. Its zero value is ready; it may be used from several goroutines.
type Looker struct {
	mu       sync.Mutex
	seen     map[string]seenRun
	measured map[string]seenMeasured
}

// seenRun is a run's status when its events were as large and as old as this.
type seenRun struct {
	size   int64
	time   time.Time
	status train.Status
}

// seenMeasured is how much had been measured of a run when the file was of this time.
type seenMeasured struct {
	time     time.Time
	asked, n int
}

// Look reads what there is in a folder. One that is not there is an experiment not begun.
func (l *Looker) Look(dir string, now time.Time) Folder {
	f := Folder{Dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, PlanFile))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.Err = err
		}
		return f
	}
	var p Plan
	if err := json.Unmarshal(text, &p); err != nil {
		f.Err = err
		return f
	}
	f.Plan = &p
	l.lookAtRuns(&f, now)
	if report, err := os.ReadFile(filepath.Join(dir, ReportDir, "results.json")); err == nil {
		var s Summary
		if f.Err = json.Unmarshal(report, &s); f.Err == nil {
			s.Report = filepath.Join(dir, ReportDir, "report.md")
			f.Summary = &s
			of, _ := os.ReadFile(filepath.Join(dir, ReportDir, PlanFile))
			f.Stale = len(of) > 0 && !bytes.Equal(of, text) || s.stale(f)
		}
	}
	return f
}

// stale tells whether the runs are others now than those of the report. Times of files say
// nothing: they are lost when a folder is copied.
func (s Summary) stale(f Folder) bool {
	if f.Done < len(f.Runs) {
		return true
	}
	rests := map[runName]string{}
	for _, r := range s.Runs {
		rests[runName{r.Setting, r.Seed}] = r.Weights
	}
	for _, r := range f.Runs {
		if was, ok := rests[runName{r.Setting, r.Seed}]; ok && was != r.Weights {
			return true
		}
	}
	return false
}

type runName struct {
	setting string
	seed    uint64
}

// changed is when a file was written last; long ago where there is none.
func changed(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// lookAtRuns fills in what the runs' folders say.
func (l *Looker) lookAtRuns(f *Folder, now time.Time) {
	var total, done, timed, seconds float64 // timed and seconds: of what the time is known
	var newest time.Time
	for _, r := range f.Plan.runs() {
		run := FolderRun{Setting: r.Setting, Seed: r.Config.Seed, Dir: filepath.Join(f.Dir, r.dir()), Epochs: r.Config.Epochs}
		total += r.cost()
		status, wrote, err := l.status(run.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.Err = err
		}
		run.Begun = err == nil
		part := 0.0
		if status.Last != nil {
			run.Epoch = status.Last.Epoch
			part = float64(run.Epoch) / float64(max(1, run.Epochs))
			timed += part * r.cost()
			seconds += status.Last.Seconds
		}
		if status.End != nil {
			run.Reason, run.Weights = status.End.Reason, status.End.Weights
		}
		measured, at := l.measurements(run.Dir, f.Plan.After)
		run.Done = run.Reason == train.Diverged || run.Reason == train.Finished && measured == len(f.Plan.After)
		if run.Done {
			part = 1
			f.Done++
		}
		done += part * r.cost()
		if at.After(wrote) {
			wrote = at
		}
		if run.Begun && !wrote.Before(newest) {
			newest = wrote
			f.Running = now.Sub(wrote) < silence && (run.Reason == "" || run.Reason == train.Finished || run.Reason == train.Diverged)
		}
		f.Runs = append(f.Runs, run)
	}
	f.Running = f.Running && f.Done < len(f.Runs)
	if total > 0 {
		f.Part = done / total
	}
	if timed > 0 && f.Done < len(f.Runs) {
		f.Left = time.Duration(seconds / timed * (total - done) * float64(time.Second))
	}
}

// measurements is how many of those asked for a run's folder has, and since when.
func (l *Looker) measurements(dir string, asked []Measurement) (n int, at time.Time) {
	at = changed(filepath.Join(dir, measuredFile))
	if len(asked) == 0 || at.IsZero() {
		return 0, at
	}
	l.mu.Lock()
	was, ok := l.measured[dir]
	l.mu.Unlock()
	if ok && was.time.Equal(at) && was.asked == len(asked) {
		return was.n, at
	}
	n = len(readMeasured(dir, asked))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.measured == nil {
		l.measured = map[string]seenMeasured{}
	}
	l.measured[dir] = seenMeasured{at, len(asked), n}
	return n, at
}

// status is train.ReadStatus of what has changed, and when something was written last.
func (l *Looker) status(dir string) (train.Status, time.Time, error) {
	info, err := os.Stat(filepath.Join(dir, train.EventsFile))
	if err != nil {
		return train.Status{}, time.Time{}, err
	}
	l.mu.Lock()
	was, ok := l.seen[dir]
	l.mu.Unlock()
	if ok && was.size == info.Size() && was.time.Equal(info.ModTime()) {
		return was.status, was.time, nil
	}
	s, err := train.ReadStatus(dir)
	if err != nil {
		return s, info.ModTime(), err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string]seenRun{}
	}
	l.seen[dir] = seenRun{info.Size(), info.ModTime(), s}
	return s, info.ModTime(), nil
}
