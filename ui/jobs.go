package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

const (
	// jobsPause is the time between two displays of the progress of jobs.
	jobsPause = 500 * time.Millisecond
	// shortJob is the time from which on a job is shown in the status line: shorter ones would flicker.
	shortJob = 300 * time.Millisecond
	// etaShare and etaTime are what must have been done for an ETA to be worth showing.
	etaShare, etaTime = 0.01, time.Second
)

// jobs is the list of all jobs, as displayed: it changes when a job begins or ends, and every
// jobsPause besides.
type jobs struct {
	list  []job
	paces map[jobKey]pace
	pause time.Duration // between displays; 0: with every message, and without delay
	ticks bool          // a jobsTick is on its way
}

// jobKey identifies a job: measurements of several curves are one job after the other.
type jobKey struct {
	page     int // −1: the program's own
	name, of string
}

// job is a job with the page it belongs to and its ETA.
type job struct {
	jobKey
	kit.JobInfo
	left  time.Duration // 0: unknown
	young bool          // too short so far for the status line
}

// same reports whether two jobs differ in progress only.
func (j job) same(other job) bool {
	return j.jobKey == other.jobKey && j.State == other.State && j.young == other.young
}

// pace is what is known of a job's speed: its progress since one or two paceTimes ago, so that an
// ETA follows changes of speed.
type pace struct {
	born      time.Time // first seen
	base, mid mark
}

// mark is the progress of a job at a time.
type mark struct {
	at    time.Time
	share float64
}

const paceTime = 10 * time.Second

// jobsTick updates the progress displayed.
type jobsTick struct{}

// collect lists all jobs: those of the page on screen, of the session and of the other pages.
func (a *App) collect() []job {
	var list []job
	add := func(page int, from any) {
		if p, ok := from.(jobber); ok {
			for _, info := range p.Jobs() {
				list = append(list, job{jobKey: jobKey{page, info.Name, info.Of}, JobInfo: info})
			}
		}
	}
	add(a.page, a.pages[a.page].page)
	add(ownJobs, a.Session)
	add(ownJobs, a.exports)
	for i, t := range a.pages {
		if i != a.page {
			add(i, t.page)
		}
	}
	return list
}

// ownJobs is the page of jobs that belong to none.
const ownJobs = -1

// watchJobs updates the list of jobs where one began or ended, and has it updated while there are any.
func (a *App) watchJobs() tea.Cmd {
	j := &a.jobs
	now := j.gauge(a.collect(), time.Now())
	if j.pause == 0 || !slices.EqualFunc(now, j.list, job.same) {
		if len(now) > 0 || len(j.list) > 0 {
			a.same = false
		}
		j.list = now
	}
	if len(now) == 0 || j.ticks || j.pause == 0 {
		return nil
	}
	j.ticks = true
	return tea.Tick(j.pause, func(time.Time) tea.Msg { return jobsTick{} })
}

// jobsTicked displays the progress of jobs; the screen stays the same where none is visible.
func (a *App) jobsTicked() {
	j := &a.jobs
	before := j.text()
	j.ticks, j.list = false, j.gauge(a.collect(), time.Now())
	a.same = before == j.text()
}

// text is everything that is displayed of the jobs.
func (j *jobs) text() string {
	var b strings.Builder
	for _, one := range j.list {
		fmt.Fprintln(&b, one.Brief(one.left), one.Count, one.Rate, one.State, one.young)
	}
	return b.String()
}

// gauge estimates when jobs end.
func (j *jobs) gauge(list []job, now time.Time) []job {
	paces := make(map[jobKey]pace, len(list))
	for i := range list {
		one := &list[i]
		p, ok := j.paces[one.jobKey]
		at := mark{now, one.Share}
		if !ok {
			p.born = now
		}
		switch {
		case !ok, one.State != kit.JobRunning, one.Share < p.base.share: // from here on
			p.base, p.mid = at, at
		case now.Sub(p.mid.at) > paceTime:
			p.base, p.mid = p.mid, at
		}
		paces[one.jobKey] = p
		one.young = now.Sub(p.born) < shortJob && j.pause > 0
		took, did := now.Sub(p.base.at), one.Share-p.base.share
		if one.left = one.Left; one.left == 0 && did > etaShare && took > etaTime {
			one.left = time.Duration(float64(took) / did * (1 - one.Share))
		}
	}
	j.paces = paces
	return list
}

// sum describes the jobs in the status line, in forms from long to short: "2 jobs: bands 34% ·
// training epoch 3/10, ETA 4 min". It is empty without jobs.
func (j *jobs) sum() []string {
	var list []job
	for _, one := range j.list {
		if !one.young && one.State != kit.JobQueued {
			list = append(list, one)
		}
	}
	switch len(list) {
	case 0:
		return []string{""}
	case 1:
		forms := list[0].Brief(list[0].left)
		if list[0].Rate != "" {
			forms = append([]string{forms[0] + ", " + list[0].Rate}, forms...)
		}
		return append(forms, list[0].Name)
	}
	head := kit.Counted(len(list), "job")
	forms := make([]string, 0, 4)
	for form := range 2 {
		var parts []string
		for _, one := range list {
			parts = append(parts, one.Brief(one.left)[form])
		}
		forms = append(forms, head+": "+strings.Join(parts, " · "))
	}
	first := list[0].Brief(list[0].left)
	return append(forms, head+": "+first[0]+" …", head+": "+first[1]+" …", head)
}
