package ui

import (
	"strings"
	"testing"
	"time"

	"hfcui/ui/kit"
	"hfcui/ui/uitest"
)

// The jobs of all pages are summed up on every page and listed in a panel, from where they are
// stopped and their pages shown.
func TestJobs(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.BandTime, lab.Attacks.Round = time.Hour, time.Hour
	d := startWith(t, lab, Options{}, 140, 44)
	d.Keys("J").Shows("No jobs are running.").Keys("esc")
	d.Hold = true
	d.Keys("2 3").Shows("J bands  0%")
	d.Keys("6").Shows("J 2 jobs: robust accuracy").Keys("3").Shows("J 2 jobs: bands  0% · robust accuracy  0%")
	d.Keys("J").Shows("› bands  demo · shapes test", "running · Bands page", "pgd vs ε", "running · Attack page", "S stop")
	d.Keys("down S").Hides("Attack page", "robust accuracy").Shows("› bands")
	d.Keys("enter").Hides("Jobs ──")
	if d.App.pages[d.App.page].name != "bands" {
		t.Fatal(d.App.pages[d.App.page].name)
	}
	d.Keys("J").Shows("running at high priority").Keys("esc")
	d.Keys("s").Shows("esc stop bands").Keys("J").Shows("demo, ρ 0.5 · shapes test", "queued", "starts after the job above").Keys("esc")
	d.Keys("esc").Hides("J bands")
	d.App.cancel()
}

// Jobs of the page on screen have priority, and those of the session always.
func TestJobsPriority(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.BandTime = time.Hour
	d := startWith(t, lab, Options{}, 80, 24)
	d.Hold = true
	d.Keys("2")
	if len(d.App.claims) != 1 {
		t.Fatalf("%d claims", len(d.App.claims))
	}
	for _, c := range d.App.claims {
		if !d.App.sees(c.to) {
			t.Error("the job of the page on screen has no priority")
		}
		d.Keys("3")
		if d.App.sees(c.to) {
			t.Error("a job out of sight has priority")
		}
	}
	d.App.cancel()
}

// The sum fits, whatever the room, and its ETA follows the speed.
func TestJobsSum(t *testing.T) {
	j := jobs{pause: jobsPause}
	start := time.Now()
	list := func(share float64) []job {
		return []job{
			{jobKey: jobKey{1, "bands", ""}, JobInfo: kit.JobInfo{Name: "bands", Share: share, Rate: "850 images/s"}},
			{jobKey: jobKey{3, "training", ""}, JobInfo: kit.JobInfo{Name: "training", At: "epoch 3/10", Left: 4 * time.Minute}},
		}
	}
	if j.list = j.gauge(list(0), start); j.sum()[0] != "" {
		t.Errorf("%q at once", j.sum()[0])
	}
	for s := range 60 {
		j.list = j.gauge(list(float64(s)/200), start.Add(time.Duration(s)*time.Second))
	}
	if got, want := j.sum()[0], "2 jobs: bands 30%, ETA 2 min · training epoch 3/10, ETA 4 min"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, w := range []int{50, 30, 20, 6} {
		if text := kit.Pick(w, j.sum()...); kit.Width(text) > w || !strings.HasPrefix(text, "2 job") {
			t.Errorf("%d cells: %q", w, text)
		}
	}
}
