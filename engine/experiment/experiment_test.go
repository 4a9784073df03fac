package experiment

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/train"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestPlansCanBeTrained(t *testing.T) {
	for _, e := range All() {
		for _, size := range []Size{Quick, Full} {
			p, dirs := e.Plan(size, "cifar10", 2), map[string]bool{}
			for _, r := range p.runs() {
				if err := r.Config.Check(); err != nil {
					t.Errorf("%s %s, %s: %v", e.Name, size, r.Setting, err)
				}
				if dirs[r.dir()] {
					t.Errorf("%s: two runs in %s", e.Name, r.dir())
				}
				dirs[r.dir()] = true
			}
			for _, b := range p.After {
				if err := b.Check(); err != nil {
					t.Errorf("%s %s: %v", e.Name, size, err)
				}
			}
			s := Summarize(p, nil)
			for _, c := range s.Criteria {
				if c.Verdict != Inconclusive {
					t.Errorf("%s: %s %s without any run", e.Name, c.Criterion, c.Verdict)
				}
			}
		}
	}
	if _, err := ByName("fig9"); err == nil || !strings.Contains(err.Error(), "fig3") {
		t.Error(err)
	}
}

func TestEstimate(t *testing.T) {
	e := estimate([]float64{1, 2, 3})
	if e.Mean != 2 || e.N != 3 || math.Abs(e.Half-4.302652729911275/math.Sqrt(3)) > 1e-9 {
		t.Errorf("%+v", e)
	}
	if e := estimate([]float64{1, math.NaN()}); e.Mean != 1 || e.N != 1 || !math.IsInf(e.Half, 1) {
		t.Errorf("%+v", e)
	}
	if e := estimate([]float64{math.NaN()}); !math.IsNaN(e.Mean) || e.N != 0 {
		t.Errorf("%+v", e)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		e    Estimate
		want Verdict
	}{
		{atLeast(.1), Estimate{.2, .05, 3}, Supported},
		{atLeast(.1), Estimate{.2, .15, 3}, Inconclusive},
		{atLeast(.1), Estimate{0, .05, 3}, NotSupported},
		{atLeast(.1), Estimate{0, .15, 3}, Inconclusive},
		{atLeast(0), Estimate{0, 0, 3}, Supported},
		{above(0), Estimate{0, 0, 3}, NotSupported},
		{above(0), Estimate{.1, 0, 3}, Supported},
		{atMost(.25), Estimate{.1, .1, 3}, Supported},
		{atMost(.25), Estimate{.5, .1, 3}, NotSupported},
		{within(.03), Estimate{.01, .01, 3}, Supported},
		{within(.03), Estimate{.01, .03, 3}, Inconclusive},
		{within(.03), Estimate{-.1, .05, 3}, NotSupported},
		{atLeast(.1), Estimate{.9, math.Inf(1), 1}, Inconclusive},
		{atLeast(.1), Estimate{.9, .01, 2}, Inconclusive}, // of three seeds
		{atLeast(.1), Estimate{math.NaN(), math.Inf(1), 0}, Inconclusive},
	} {
		if got := c.rule.judge(c.e, 3); got != c.want {
			t.Errorf("%v %v: %s, not %s", c.rule, c.e, got, c.want)
		}
	}
	for want, parts := range map[Verdict][]Verdict{Supported: {Supported, Supported}, NotSupported: {Supported, NotSupported, Inconclusive}, Inconclusive: {Supported, Inconclusive}} {
		if got := together(parts); got != want {
			t.Errorf("%v: %s", parts, got)
		}
	}
	if together(nil) != Inconclusive {
		t.Error("nothing decides something")
	}
}

// madeUp is a grid of table1 whose test accuracies are by setting and seed.
func madeUp(p Plan, of func(setting string, seed uint64) float64) Grid {
	var g Grid
	for _, r := range p.runs() {
		score := func(a float64) *measure.Score { return &measure.Score{Correct: int(math.Round(a * 1000)), N: 1000} }
		g = append(g, Run{Setting: r.Setting, Seed: r.Config.Seed,
			Epochs: []*train.EpochEvent{{Train: score(.9), Test: score(of(r.Setting, r.Config.Seed))}}})
	}
	return g
}

func TestReportGolden(t *testing.T) {
	e, err := ByName("table1")
	if err != nil {
		t.Fatal(err)
	}
	p := e.Plan(Quick, "cifar10", 2)
	accuracies := map[string]float64{"low 4": .40, "low 8": .50, "low 12": .505, "low 16": .6, "high 4": .2, "high 8": .1, "high 12": .1, "high 16": .35}
	g := madeUp(p, func(setting string, seed uint64) float64 {
		return accuracies[setting] + float64(seed)*.01*accuracies[setting]
	})
	for i := range g {
		if g[i].Setting == "high 8" && g[i].Seed == 2 {
			g[i] = Run{Setting: "high 8", Seed: 2, Diverged: "step 7: the loss is NaN"}
		}
	}
	dir := t.TempDir()
	s, err := Report(dir, p, g)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(s.Report)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "table1.md")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the report is not %s:\n%s", golden, got)
	}
	for name, begins := range map[string]string{"table1.svg": "<?xml", "table1.png": "\x89PNG", PlanFile: "{", "results.json": "{"} {
		if text, err := os.ReadFile(filepath.Join(dir, ReportDir, name)); err != nil || !bytes.HasPrefix(text, []byte(begins)) {
			t.Errorf("%s: %v %.20q", name, err, text)
		}
	}
}

// tiny is an experiment of four short runs on shapes.
func tiny() Plan {
	base := train.Default("resnet8-w4", "shapes")
	base.Epochs, base.Batch, base.Limit, base.Threads, base.LearningRate = 2, 16, 64, 2, 0.05
	during := parts("train", 32, "running")
	base.Bands = &during
	p := Plan{Name: "tiny", About: "two rates", Size: Quick, Seeds: []uint64{1, 2}, Test: 24, After: []Measurement{bandsOf(parts("test", 24, "batch"))}}
	p.add("slow", base, nil)
	p.add("fast", base, func(c *train.Config) { c.LearningRate = 0.1 })
	columns := append([]Column{{Title: "test", Of: test}, {Title: "batch", Of: after(0, whole)}}, partColumns(same)...)
	p.Tables = []Table{{Title: "Rates", Columns: columns}}
	p.Figures = []Figure{
		{File: "points", Title: "Rates", Y: "accuracy", Columns: columns},
		{File: "curves", Title: "Slow", X: "epoch", Y: "accuracy", Curves: []Curve{{Title: "L4", Setting: "slow", Of: low(4)}}},
	}
	p.Criteria = []Criterion{{"They are the same", []Part{{"fast − slow", difference(test, "fast", "slow"), within(1)}}}}
	return p
}

func TestInterruptedAndResumed(t *testing.T) {
	data, p := dataset.Shapes(dataset.ShapesOptions{Train: 64, Test: 32}), tiny()
	carry := func(ctx context.Context, dir string, update func(Progress)) (Summary, error) {
		g, err := Reproduce(ctx, dir, p, data, nil, update)
		if err != nil {
			return Summary{}, err
		}
		s, err := Report(dir, p, g)
		s.Report = ""
		return s, err
	}
	want, err := carry(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = carry(ctx, dir, func(p Progress) {
		if p.Run == 2 && p.Training.Epoch == 2 {
			cancel() // in the midst of the second run
		}
	})
	var stopped *train.StoppedError
	if !errors.As(err, &stopped) {
		t.Fatalf("%v", err)
	}
	done := map[int]bool{}
	last := Progress{}
	got, err := carry(t.Context(), dir, func(p Progress) {
		if p.Done {
			done[p.Run] = p.Skipped
		}
		if p.Part < last.Part {
			t.Errorf("from %v back to %v", last.Part, p.Part)
		}
		last = p
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 4 || !done[1] || done[2] || done[3] || last.Part != 1 {
		t.Errorf("%v %+v", done, last)
	}
	if a, b := markdown(p, got), markdown(p, want); a != b {
		t.Errorf("resumed:\n%s\nin one go:\n%s", a, b)
	}
	if want.Tables[0].Cells[1].N != 2 || want.Criteria[0].Verdict == NotSupported {
		t.Errorf("%+v", want)
	}

	again := map[bool]int{}
	if _, err = carry(t.Context(), dir, func(p Progress) { again[p.Skipped]++ }); err != nil || again[true] != 4 || again[false] != 0 {
		t.Errorf("%v %v", again, err)
	}
	if n := Threads(dir, 9); n != 2 {
		t.Errorf("%d threads", n)
	}
	p.Settings[0].Config.LearningRate = 0.2
	if _, err := carry(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), "other settings") {
		t.Error(err)
	}
}

func TestFig3Quantities(t *testing.T) {
	// run makes a run whose whole and L4 accuracies go as given, an epoch each.
	run := func(setting string, seed uint64, points ...[2]float64) Run {
		r := Run{Setting: setting, Seed: seed}
		for i, at := range points {
			// Band's score is written by package bands alone, so it is read from its JSON.
			r.Bands = append(r.Bands, bandsEvent(t, i+1, at[0], at[1]))
			r.Epochs = append(r.Epochs, &train.EpochEvent{Stamp: train.Stamp{Epoch: i + 1}})
		}
		return r
	}
	natural := run("natural", 1, [2]float64{.5, .3}, [2]float64{.92, .4}, [2]float64{.97, .35})
	shuffled := run("shuffled", 1, [2]float64{.1, .1}, [2]float64{.3, .15}, [2]float64{.5, .2}, [2]float64{.8, .2}, [2]float64{.85, .1}, [2]float64{.93, .12})
	s := func(name string) Run {
		if name == "natural" {
			return natural
		}
		return shuffled
	}
	if best, epoch := peak(natural); best != .4 || epoch != 2 {
		t.Errorf("best %v at %v", best, epoch)
	}
	if level := bothReached(s); level != .9 {
		t.Errorf("level %v", level)
	}
	e, _ := ByName("fig3")
	p := e.Plan(Quick, "cifar10", 2)
	if ratio := p.Criteria[2].Parts[0].Of(s); ratio != 3 {
		t.Errorf("%v times the epochs", ratio)
	}
	if d := p.Criteria[3].Parts[0].Of(s); math.Abs(d-.28) > 1e-9 {
		t.Errorf("L4 differs by %v", d)
	}
	if share := p.Criteria[1].Parts[0].Of(s); math.Abs(share-2./3) > 1e-9 {
		t.Errorf("peak at %v of the epochs", share)
	}
}

func bandsEvent(t *testing.T, epoch int, whole, low4 float64) *train.BandsEvent {
	t.Helper()
	line := strings.NewReplacer("EPOCH", number(float64(epoch)), "WHOLE", number(math.Round(whole*100)), "LOW", number(low4)).Replace(
		`{"type":"bands","epoch":EPOCH,"whole":{"correct":WHOLE,"n":100},"bands":[{"part":"low","r":4,"accuracy":LOW,"n":100}]}`)
	e, err := train.Decode([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return e.(*train.BandsEvent)
}
