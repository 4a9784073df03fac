package kit

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// JobState is what a job is doing.
type JobState int

const (
	JobRunning  JobState = iota
	JobQueued            // begins after another of the same page
	JobPaused            // by the user
	JobStopping          // saves a checkpoint, or finishes its last step
)

// String returns the state's name on screen.
func (s JobState) String() string {
	return [...]string{"running", "queued", "paused", "stopping"}[s]
}

// JobInfo describes a job for the list of jobs and the status line.
type JobInfo struct {
	Name  string        // "bands", as in "Stop bands"
	Of    string        // what it runs on: model, data, setting
	At    string        // how far it is, if not told by Share: "epoch 3/10"
	Share float64       // fraction done; negative: unknown
	Count string        // the same in numbers: "1,200 of 5,000 images"
	Rate  string        // "850 images/s"
	Left  time.Duration // 0: estimated from Share
	State JobState
	Stop  func() tea.Cmd // nil: cannot be stopped
	Pause func() tea.Cmd // pauses or resumes; nil: cannot be paused
	Kept  bool           // saves a checkpoint when the program ends: ask before
	Leave bool           // can then be left running as a process of its own
}

// Progress says how far the job is, in a few cells: "epoch 3/10", "34%"; "" if unknown.
func (j JobInfo) Progress() string {
	switch {
	case j.State != JobRunning:
		return j.State.String()
	case j.At != "":
		return j.At
	case j.Share < 0:
		return ""
	}
	return fmt.Sprintf("%2.0f%%", 100*min(j.Share, 1))
}

// Brief describes the job in the status line, in forms from long to short; left is its ETA, 0 if unknown.
func (j JobInfo) Brief(left time.Duration) []string {
	short := strings.TrimSpace(j.Name + " " + j.Progress())
	long := short
	if left > 0 && j.State == JobRunning {
		long += ", ETA " + RoundDuration(left)
	}
	return []string{long, short}
}

// Amount formats a count of a total, padded so that it stays in place: "  200 of 5,000 images".
func Amount(done, total int, thing string) string {
	all := Counted(total, thing)
	return FitRight(Grouped(done), len(Grouped(total))) + " of " + all
}

// PerSecond formats a throughput, "" if it is unknown.
func PerSecond(v float64, things string) string {
	if v <= 0 {
		return ""
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s/s", v, things)
	}
	return Grouped(int(v+0.5)) + " " + things + "/s"
}

// RoundDuration formats an estimate, coarsely enough not to change all the time: "4 min".
func RoundDuration(d time.Duration) string {
	switch s := int(d.Seconds() + 0.5); {
	case s < 20:
		return fmt.Sprintf("%d s", max(s, 1))
	case s < 90:
		return fmt.Sprintf("%d s", (s+4)/5*5)
	case s < 90*60:
		return fmt.Sprintf("%d min", (s+30)/60)
	case s < 48*3600:
		return fmt.Sprintf("%.1f h", float64(s)/3600)
	default:
		return fmt.Sprintf("%d days", (s+43200)/86400)
	}
}
