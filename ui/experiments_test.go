package ui

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hfcui/engine/experiment"
	"hfcui/engine/measure"
	"hfcui/engine/train"
	"hfcui/ui/kit"
	experimentspage "hfcui/ui/pages/experiments"
)

// putFile writes a document into a folder that need not be there.
func putFile(t *testing.T, content any, at ...string) {
	t.Helper()
	path := filepath.Join(at...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(content)
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// putRun writes a run folder whose last line tells of an epoch, and of its end if it has a
// reason.
func putRun(t *testing.T, dir string, c train.Config, epoch int, reason string) {
	t.Helper()
	putFile(t, c, dir, "config.json")
	at := train.Stamp{Type: "epoch", Time: time.Now(), Seconds: 10 * float64(epoch), Step: epoch, Epoch: epoch}
	line, err := json.Marshal(train.EpochEvent{Stamp: at, Test: &measure.Score{Correct: 5, N: 10}})
	if err != nil {
		t.Fatal(err)
	}
	text := append(line, '\n')
	if reason != "" {
		at.Type = "end"
		line, _ := json.Marshal(train.EndEvent{Stamp: at, Reason: reason})
		text = append(append(text, line...), '\n')
	}
	if err := os.WriteFile(filepath.Join(dir, train.EventsFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// putExperiments writes fig4 as it is half done and table1 with a report.
func putExperiments(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"fig4", "table1"} {
		e, err := experiment.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		dir, p := experiment.Dir(root, e, experiment.Quick), e.Plan(experiment.Quick, "cifar10", 2)
		putFile(t, p, dir, experiment.PlanFile)
		if name == "fig4" {
			for i, s := range p.Settings[:2] {
				putRun(t, filepath.Join(dir, fmt.Sprintf("%s-seed1", dashed(s.Name))), s.Config, []int{s.Config.Epochs, 1}[i], []string{train.Finished, ""}[i])
			}
			continue
		}
		number := func(v float64) *float64 { return &v }
		putFile(t, experiment.Summary{Name: name, Size: experiment.Quick, Data: "cifar10", Seeds: p.Seeds, Interval: "Student's t", Criteria: []experiment.Finding{
			{Criterion: "Accuracy rises\x1b[2J with r", Verdict: experiment.Supported, Parts: []experiment.PartVerdict{{Text: "low 8 − low 4 > 0", Mean: number(0.123), Half: number(0.012), N: 3, Verdict: experiment.Supported}}},
			{Criterion: "Low beats high", Verdict: experiment.NotSupported, Parts: []experiment.PartVerdict{{Text: "low 4 − high 4", Mean: number(-0.5), Half: number(0.1), N: 2, Verdict: experiment.NotSupported}}},
			{Criterion: "Something else", Verdict: experiment.Inconclusive},
		}, Tables: []experiment.Results{{Title: "Attacks", Cells: []experiment.Cell{{Setting: "natural", Column: "PGD 0.09", Marks: []string{"seed 2: rises"}}}}}}, dir, experiment.ReportDir, "results.json")
	}
	return root
}

func dashed(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == ' ' {
			b[i] = '-'
		}
	}
	return string(b)
}

// experimentsAt is the page on a root folder.
func experimentsAt(t *testing.T, root string, w, h int) *driver {
	t.Helper()
	return startWith(t, newFakeLab(), Options{Experiments: root}, w, h).keys("5")
}

func TestExperimentsListsAllOfThem(t *testing.T) {
	root := putExperiments(t)
	d := experimentsAt(t, root, 140, 44)
	d.shows("5 Experiments", "fig3", "table1", "fig4", "fig5", "architectures", "optimizers", "fig6", "fig2", "fig7", "table2", "svd", "quick", "–/6", "1/", "✓✗~")
	d.shows("not started: hfcui reproduce fig3 --quick")
	d.keys("down").shows("✓ Accuracy rises[2J with r: supported", "low 8 − low 4 > 0: 0.123 ± 0.012", "(2 of 3 seeds)", "not supported", "inconclusive", "failed sanity check: Attacks, natural, PGD 0.09: seed 2: rises", filepath.Join("report", "report.md"), "low 16").hides("\x1b[2J")
	d.keys("f").shows("full", "100 epochs", "not started: hfcui reproduce table1 --full").keys("f")
	d.keys("down").shows("running, 1 of", "left", "●", "◐", "No report yet")
	d.keys("x").shows("no report to export yet")
	d.keys("up x").shows("Wrote 1 file").keys("esc")
	_, y := d.where("optimizers")
	d.click(5, y)
	if got := pageOf[*experimentspage.Page](d.app).Chosen().Name; got != "optimizers" {
		t.Fatalf("%s is chosen after a click", got)
	}
	d.keys(": ").types("page Experiments").keys("esc ?").shows("quick")
}

func TestExperimentsFitEverywhere(t *testing.T) {
	for _, root := range []string{t.TempDir(), putExperiments(t)} {
		for _, size := range sizes {
			d := experimentsAt(t, root, size[0], size[1])
			for _, keys := range []string{"", "down", "pgdown", "pgdown pgdown pgdown", "f", "down", "down down down down down", "?"} {
				d.keys(keys)
				d.fits(size[0], size[1])
			}
		}
	}
}

func TestExperimentsLayoutHasNoOverlaps(t *testing.T) {
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 2 {
			for _, note := range []bool{false, true} {
				l := kit.NewLayout(w, h, note)
				e := experimentspage.LayoutExperiments(l, 11)
				if e.Table.Overlaps(e.Detail) || e.Detail.H < 4 || e.Detail.Bottom() > l.Body.Bottom() || e.Detail.Right() > w || e.Table.Y < l.Body.Y {
					t.Fatalf("%d×%d: %+v in %+v", w, h, e, l.Body)
				}
			}
		}
	}
}

func TestExperimentsThatCannotBeRead(t *testing.T) {
	root := t.TempDir()
	putFile(t, "not a plan", root, "fig3-quick", experiment.PlanFile)
	experimentsAt(t, root, 100, 30).shows("unreadable", "!")
}

// What another process writes is seen while the page is on screen.
func TestExperimentsAreFollowed(t *testing.T) {
	root := t.TempDir()
	d := experimentsAt(t, root, 100, 30)
	d.shows("–/")
	if pageOf[*experimentspage.Page](d.app).Scanning {
		t.Fatal("it looks without end")
	}
	putFile(t, pageOf[*experimentspage.Page](d.app).Chosen().Plan(), root, "fig3-quick", experiment.PlanFile)
	d.run(pageOf[*experimentspage.Page](d.app).Scan(0))
	d.shows("0/6")
}
