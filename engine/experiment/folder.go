package experiment

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/train"
)

// Dir is the default folder of an experiment.
func Dir(root string, e Experiment, size Size) string {
	return filepath.Join(root, e.Name+"-"+string(size))
}

// Folder is the state of an experiment in its folder, whichever process writes it.
type Folder struct {
	Dir     string
	Plan    *Plan // as in experiment.json, without tables, figures and criteria; nil if there is none
	Runs    []FolderRun
	Done    int           // complete runs
	Running bool          // a run wrote something recently
	Part    float64       // progress, 0 to 1
	Left    time.Duration // estimate; 0: unknown
	Summary *Summary      // of the report; nil if there is none
	Stale   bool          // the runs or the plan have changed since the report
	Err     error         // a file of the folder cannot be read
}

// FolderRun is a run of the grid.
type FolderRun struct {
	Setting string
	Seed    uint64
	Dir     string
	Begun   bool
	Done    bool
	Epoch   int // completed
	Epochs  int
	Reason  string // why it ended; "" if it has not
	Weights string // digest of the final weights; "" if there are none
}

// Data returns the experiment's dataset.
func (f Folder) Data() string {
	if f.Plan == nil {
		return ""
	}
	return f.Plan.data()
}

// Cells is the number of runs of a plan.
func (p Plan) Cells() int { return len(p.Settings) * len(p.Seeds) }

// silence is the time without new events after which a run counts as not running.
const silence = time.Minute

// Scanner reads experiments' folders repeatedly and skips files that have not changed. Its zero
// value is ready to use; it is safe for concurrent use.
type Scanner struct {
	mu       sync.Mutex
	seen     map[string]seenRun
	measured map[string]seenMeasured
}

// seenRun is a run's status for events of a size and a modification time.
type seenRun struct {
	size   int64
	time   time.Time
	status train.Status
}

// seenMeasured is the number of measurements of a run in a file of a modification time.
type seenMeasured struct {
	time     time.Time
	asked, n int
}

// Scan reads a folder. One that does not exist is an experiment not started.
func (l *Scanner) Scan(dir string, now time.Time) Folder {
	f := Folder{Dir: dir}
	text, err := checkpoints.ReadRegular(filepath.Join(dir, PlanFile))
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
	l.scanRuns(&f, now)
	if report, err := checkpoints.ReadRegular(filepath.Join(dir, ReportDir, "results.json")); err == nil {
		var s Summary
		if f.Err = json.Unmarshal(report, &s); f.Err == nil {
			s.Report = filepath.Join(dir, ReportDir, "report.md")
			f.Summary = &s
			of, _ := checkpoints.ReadRegular(filepath.Join(dir, ReportDir, PlanFile))
			f.Stale = len(of) > 0 && !sameComputation(of, p) || s.stale(f)
		}
	}
	return f
}

// sameComputation reports whether a plan in JSON computes what p does; false if it cannot be read.
func sameComputation(text []byte, p Plan) bool {
	var other Plan
	return json.Unmarshal(text, &other) == nil && other.computes(p)
}

// stale reports whether the runs differ from those of the report. It does not use modification
// times, which are lost when a folder is copied.
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

// changed returns the modification time of a file; zero if there is none.
func changed(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// scanRuns fills in the state of the runs.
func (l *Scanner) scanRuns(f *Folder, now time.Time) {
	var total, done, timed, seconds float64 // timed and seconds: cost and time of completed epochs
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

// measurements returns how many of the requested measurements a run's folder has, and since when.
func (l *Scanner) measurements(dir string, asked []Measurement) (n int, at time.Time) {
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

// status is train.ReadStatus, cached, and the time of the last event.
func (l *Scanner) status(dir string) (train.Status, time.Time, error) {
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
