package experiments

import (
	"path/filepath"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/experiment"
	"hfcui/engine/train"
	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// experimentsAt is the page on a root folder.
func experimentsAt(t *testing.T, root string, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return startExperiments(t, root, nil, w, h).Keys("5")
}

// startExperiments starts the page, which scans folders only when it is entered.
func startExperiments(t *testing.T, root string, r *Reproducing, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, uitest.NewFakeLab(), session.Start{}, "5", w, h, func(s session.Screen, on *session.Session) *Page {
		p := New(s, on, root, r, func(dirs, names []string) tea.Cmd { return nil })
		p.Rescan(0)
		return p
	})
}

func TestExperimentsListsAllOfThem(t *testing.T) {
	root := uitest.PutExperiments(t)
	d := experimentsAt(t, root, 140, 44)
	d.Shows("fig3", "table1", "fig4", "fig5", "architectures", "optimizers", "fig6", "fig2", "fig7", "table2", "svd", "quick", "–/6", "1/", "✓✗~")
	d.Shows("not started: hfcui reproduce fig3 --quick")
	d.Keys("down").Shows("✓ Accuracy rises[2J with r: supported", "low 8 − low 4 > 0: 0.123 ± 0.012", "(2 of 3 seeds)", "not supported", "inconclusive", "failed sanity check: Attacks, natural, PGD 0.09: seed 2: rises", filepath.Join("report", "report.md"), "low 16").Hides("\x1b[2J")
	d.Keys("v").Shows("full", "100 epochs", "not started: hfcui reproduce table1 --full").Keys("v")
	d.Keys("down").Shows("running, 1 of", "ETA", "●", "◐", "No report yet")
	d.Keys("x").Shows("no report to export yet")
	d.Keys("up x").Shows("Wrote 1 file").Keys("esc")
	_, y := d.Where("optimizers")
	d.Click(5, y)
	if got := d.App.Page.chosen().Name; got != "optimizers" {
		t.Fatalf("%s is chosen after a click", got)
	}
}

func TestExperimentsFitEverywhere(t *testing.T) {
	for _, root := range []string{t.TempDir(), uitest.PutExperiments(t)} {
		for _, size := range uitest.Sizes {
			d := experimentsAt(t, root, size[0], size[1])
			for _, keys := range []string{"", "down", "pgdown", "pgdown pgdown pgdown", "v", "down", "down down down down down", "?"} {
				d.Keys(keys)
				d.Fits(size[0], size[1])
			}
		}
	}
}

func TestExperimentsLayoutHasNoOverlaps(t *testing.T) {
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 2 {
			for _, note := range []string{"", "note"} {
				l := kit.NewLayout(w, h, note)
				e := layoutExperiments(l, 11)
				if e.table.Overlaps(e.detail) || e.detail.H < 4 || e.detail.Bottom() > l.Body.Bottom() || e.detail.Right() > w || e.table.Y < l.Body.Y {
					t.Fatalf("%d×%d: %+v in %+v", w, h, e, l.Body)
				}
			}
		}
	}
}

func TestExperimentsThatCannotBeRead(t *testing.T) {
	root := t.TempDir()
	uitest.PutFile(t, "not a plan", root, "fig3-quick", experiment.PlanFile)
	experimentsAt(t, root, 100, 30).Shows("unreadable", "!")
}

// What another process writes is seen while the page is on screen.
func TestExperimentsAreFollowed(t *testing.T) {
	root := t.TempDir()
	d := experimentsAt(t, root, 100, 30)
	d.Shows("–/")
	if d.App.Page.scanning {
		t.Fatal("it looks without end")
	}
	uitest.PutFile(t, d.App.Page.chosen().plan(), root, "fig3-quick", experiment.PlanFile)
	d.Run(d.App.Page.scan(0))
	d.Shows("0/6")
}

// A report that is older than its runs is said to be.
func TestStaleReport(t *testing.T) {
	root := uitest.PutExperiments(t)
	e, err := experiment.ByName("table1")
	if err != nil {
		t.Fatal(err)
	}
	p := e.Plan(experiment.Quick, "cifar10", 2)
	for _, s := range p.Settings {
		for _, seed := range []string{"1", "2", "3"} {
			uitest.PutRun(t, filepath.Join(root, "table1-quick", uitest.Dashed(s.Name)+"-seed"+seed), s.Config, s.Config.Epochs, train.Finished)
		}
	}
	results := func(weights string) {
		s := experiment.Summary{Name: "table1", Size: experiment.Quick, Seeds: p.Seeds, Criteria: []experiment.Finding{{Criterion: "Low beats high", Verdict: experiment.Supported}},
			Runs: []experiment.RunRef{{Setting: "low 8", Seed: 2, Weights: weights}}}
		uitest.PutFile(t, s, root, "table1-quick", experiment.ReportDir, "results.json")
	}
	f := &uitest.FakeReproducing{}
	d := startExperiments(t, root, &Reproducing{Expect: f.Expect, Ended: f.End}, 140, 44)
	results("0123")
	d.Keys("5 down").Shows("older than its runs", "! ✓", "R resume").Keys("R").Shows("All runs are done").Keys("esc")
	results("")
	d.Run(d.App.Page.scan(0))
	d.Hides("older than its runs", "! ✓", "R resume").Shows("✓")
}

// Where there is room the first table is a chart: its columns before the report, then means with intervals.
func TestResultsAreAChart(t *testing.T) {
	root := t.TempDir()
	d := startExperiments(t, root, nil, 200, 60)
	d.Keys("5 down").Shows("criteria met", "ETA", "Trained on low- or high-pass images", "Results appear when all runs are done.")
	uitest.PutFile(t, d.App.Page.chosen().plan(), root, "table1-quick", experiment.PlanFile)
	mean, half := 0.75, 0.05
	var cells []experiment.Cell
	for _, setting := range []string{"low 8", "high 8"} {
		cells = append(cells, experiment.Cell{Setting: setting, Column: "test", Mean: &mean, Half: &half, N: 3}, experiment.Cell{Setting: setting, Column: "none"})
	}
	uitest.PutFile(t, experiment.Summary{Name: "table1", Size: experiment.Quick, Tables: []experiment.Results{{Title: "Rates", Cells: cells}}}, root, "table1-quick", experiment.ReportDir, "results.json")
	d.Run(d.App.Page.scan(0))
	d.Shows("Rates  means over seeds, 95% CI", "◆ low 8   ▼ high 8", "none").Hides("Results appear")
}
