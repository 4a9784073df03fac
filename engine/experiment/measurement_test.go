package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// What was written when only bands were measured is read, and written, as it was.
func TestMeasurementOfBandsIsBands(t *testing.T) {
	b := parts("test", 24, "batch")
	was, err := json.Marshal([]train.Bands{b})
	if err != nil {
		t.Fatal(err)
	}
	now, err := json.Marshal([]Measurement{bandsOf(b)})
	if err != nil || string(now) != string(was) {
		t.Errorf("%s, not %s: %v", now, was, err)
	}
	var read []Measurement
	if err := json.Unmarshal(was, &read); err != nil || read[0].Bands == nil || read[0].Bands.Limit != 24 || read[0].Check() != nil {
		t.Errorf("%+v, %v", read, err)
	}
	dir := t.TempDir()
	text := `{"asked":` + string(was) + `,"found":[{"type":"","split":"test","n":24,"whole":{"correct":6,"n":24},"bands":[{"part":"low","r":4,"accuracy":0.25,"n":24}]}]}`
	if err := os.WriteFile(filepath.Join(dir, measuredFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found := readMeasured(dir, read)
	if len(found) != 1 || after(0, whole)(Run{After: found}) != .25 || after(0, low(4))(Run{After: found}) != .25 {
		t.Errorf("%+v", found)
	}
	if found := readMeasured(dir, []Measurement{{Kernels: &Kernels{}}}); len(found) != 0 {
		t.Errorf("something else was measured: %+v", found)
	}
}

// thorough is tiny with everything measured that can be.
func thorough() Plan {
	p := tiny()
	p.After = append(p.After,
		Measurement{Attacks: &Attacks{Methods: attackMethods, Epsilons: []float64{0, .03}, Rhos: []float64{0, .5}, Steps: 3, Limit: 20}},
		Measurement{Attacks: &Attacks{Methods: attackMethods, Epsilons: []float64{.03}, Rhos: []float64{.5}, DivideGain: true, Steps: 3, Limit: 20, Square: 2}},
		Measurement{Flips: &Flips{Radius: 8, By: "fourier", Normalize: "max"}},
		Measurement{Flips: &Flips{Radius: 8, By: "svd", Normalize: "none", Limit: 10}},
		Measurement{Kernels: &Kernels{Rhos: []float64{0, 1}}})
	return p
}

func TestMeasurementsCost(t *testing.T) {
	p := thorough()
	for i, want := range []float64{
		9 * .3 * 24, // whole images, and four low and high parts
		2 * (.3*20 + .8*20 + .8*3*20),
		.3*20 + .8*20 + .8*3*20 + .3*500*2,
		3 * .3 * 24, 3 * .3 * 10, 0,
	} {
		if got := p.After[i].cost(24); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s, the %dth: %v, not %v", p.After[i].what(), i, got, want)
		}
	}
}

// What is measured after runs equals what is computed by hand, and is not measured again.
func TestMeasuredAfterRuns(t *testing.T) {
	data, p, dir := dataset.Shapes(dataset.ShapesOptions{Train: 64, Test: 32}), thorough(), t.TempDir()
	for _, m := range p.After {
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Reproduce(ctx, dir, p, data, nil, func(p Progress) {
		if strings.HasPrefix(p.Measuring, "flips") {
			cancel() // in the midst of measuring
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := len(readMeasured(filepath.Join(dir, "slow-seed1"), p.After)); n != 3 {
		t.Errorf("%d measurements are kept", n)
	}
	g, err := Reproduce(t.Context(), dir, p, data, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := g[0]
	m, err := model.Load(filepath.Join(dir, "slow-seed1", train.ModelFile), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, rho := range []float64{0, .5} {
		for _, epsilon := range []float64{0, .03} {
			if got, want := under(1, attack.FGSMMethod, epsilon, rho)(r), byHand(t, m, data, rho, false, epsilon); got != want {
				t.Errorf("FGSM, ε = %v, ρ = %v: %v, by hand %v", epsilon, rho, got, want)
			}
		}
		if got, want := clean(1, rho)(r), byHand(t, m, data, rho, false, 0); got != want {
			t.Errorf("clean, ρ = %v: %v, by hand %v", rho, got, want)
		}
	}
	if got, want := under(2, attack.FGSMMethod, .03, .5)(r), byHand(t, m, data, .5, true, .03); got != want {
		t.Errorf("gain divided out: %v, by hand %v", got, want)
	}
	if c, ok := attacked(r, 2).cell(attack.SquareMethod, .03, .5); !ok || c.Score.N != 2 || !c.Check {
		t.Errorf("%+v", c)
	}
	if f := r.After[3].Flips; f.N != 24 || f.Count > f.N || f.Permuted > float64(f.N) {
		t.Errorf("%+v", f)
	}
	if a, b := roughness(5, 0)(r), roughness(5, 1)(r); !(a > b) || b <= 0 {
		t.Errorf("roughness %v, smoothed %v", a, b)
	}
	again, err := Reproduce(t.Context(), dir, p, data, nil, func(p Progress) {
		if !p.Skipped {
			t.Errorf("done again: %+v", p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(g)
	if b, _ := json.Marshal(again); string(a) != string(b) {
		t.Errorf("measured:\n%s\nread:\n%s", a, b)
	}
}

// byHand is accuracy under FGSM on the first 20 test images, of a model whose own weights
// are the smoothed ones.
func byHand(t *testing.T, m *model.Model, data *dataset.Data, rho float64, divide bool, epsilon float64) float64 {
	t.Helper()
	layer, w, err := m.Smoothed(model.Smoothing{Rho: rho, DivideGain: divide})
	if err != nil {
		t.Fatal(err)
	}
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20
	x, labels, indices := make([]float32, n*3*32*32), make([]int, n), make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	if err := data.Test.ReadBatch(x, labels, indices); err != nil {
		t.Fatal(err)
	}
	d, err := m.NewDifferentiator(device, n, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	e, err := m.NewEvaluator(device, n, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := errors.Join(d.SetWeight(layer, w), e.SetWeight(layer, w)); err != nil {
		t.Fatal(err)
	}
	dst, logits := make([]float32, len(x)), make([]float32, n*10)
	fgsm := attack.PGD{Epsilon: epsilon, StepSize: epsilon, Steps: 1}
	if err := fgsm.Run(t.Context(), d, dst, x, labels, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Logits(t.Context(), logits, dst, n); err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, label := range labels {
		if measure.Argmax(logits[i*10:][:10]) == label {
			right++
		}
	}
	return float64(right) / n
}

// A finished run of the same configuration is taken over from another experiment, one that
// differs in anything is not.
func TestRunsAreReused(t *testing.T) {
	defer func(was []Experiment) { all = was }(all)
	first := Experiment{Name: "first"}
	all = append([]Experiment{first}, all...)
	data, root := dataset.Shapes(dataset.ShapesOptions{Train: 64, Test: 32}), t.TempDir()
	p := tiny()
	p.Name = "first"
	if _, err := Reproduce(t.Context(), Dir(root, first, Quick), p, data, nil, nil); err != nil {
		t.Fatal(err)
	}
	p.Name = "second"
	p.Settings[1].Config.LearningRate = 0.3 // another fast
	p.After = nil
	taken := map[string]bool{}
	g, err := Reproduce(t.Context(), filepath.Join(root, "second-quick"), p, data, nil, func(p Progress) {
		if p.Done {
			taken[p.Setting] = p.Reused && p.Skipped
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !taken["slow"] || taken["fast"] {
		t.Errorf("taken over: %v", taken)
	}
	alone, err := Reproduce(t.Context(), filepath.Join(t.TempDir(), "second-quick"), p, data, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range g {
		if g[i].Weights != alone[i].Weights || g[i].Weights == "" {
			t.Errorf("%s: %s beside others, %s alone", g[i].Setting, g[i].Weights, alone[i].Weights)
		}
	}
	p.Test = 20 // the same runs, tested on fewer images
	if _, err := Reproduce(t.Context(), filepath.Join(root, "table1-quick"), p, data, nil, func(p Progress) {
		if p.Reused {
			t.Errorf("%s was tested on other images", p.Setting)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// madeUpAttacks are figures of one ρ: clean, then FGSM and PGD at ε = 0, .03 and .06.
func madeUpAttacks(cleanRight int, fgsm, pgd [3]int) Run {
	f := &AttackResults{Clean: []CleanResult{{0, measure.Score{Correct: cleanRight, N: 100}}}}
	for k, list := range [][3]int{fgsm, pgd} {
		for i, right := range list {
			c := AttackResult{Method: attackMethods[k], Epsilon: .03 * float64(i), Score: measure.Score{Correct: right, N: 100}}
			if k == 1 && i == 2 && right > pgd[1] {
				c.Marks = []string{"more | images are right"}
			}
			f.Cells = append(f.Cells, c)
		}
	}
	return Run{Setting: "natural", Seed: 1, After: []MeasurementResult{{Attacks: f}}}
}

func TestBreaches(t *testing.T) {
	for _, c := range []struct {
		run                     Run
		rise, above, notAsClean float64
	}{
		{madeUpAttacks(80, [3]int{80, 40, 20}, [3]int{80, 10, 2}), 0, 0, 0},
		{madeUpAttacks(80, [3]int{80, 40, 50}, [3]int{80, 10, 2}), 1, 0, 0},
		{madeUpAttacks(80, [3]int{81, 40, 20}, [3]int{80, 41, 2}), 1, 1, 1},
		{madeUpAttacks(80, [3]int{80, 90, 20}, [3]int{79, 30, 35}), 2, 1, 1},
	} {
		if rise, above, not := breaches(0, rises)(c.run), breaches(0, aboveFGSM)(c.run), breaches(0, unclean)(c.run); rise != c.rise || above != c.above || not != c.notAsClean {
			t.Errorf("%+v: %v rise, %v above FGSM, %v not as clean", c, rise, above, not)
		}
	}
	if v := breaches(0, rises)(Run{}); !math.IsNaN(v) {
		t.Errorf("%v where nothing was measured", v)
	}
}

// A number that fails a check is marked where it stands and explained.
func TestMarksAreReported(t *testing.T) {
	p := Plan{Name: "marks", Size: Quick, Seeds: []uint64{1, 2}, Settings: []Setting{{Name: "natural"}}}
	p.Tables = []Table{{Title: "Attacks", Rows: []Row{{"natural, ρ = 0", "natural", []Column{attackColumn(0, attack.PGDMethod, .03, 0), attackColumn(0, attack.PGDMethod, .06, 0)}}}}}
	second := madeUpAttacks(80, [3]int{80, 40, 20}, [3]int{80, 10, 12})
	second.Seed = 2
	g := Grid{madeUpAttacks(80, [3]int{80, 40, 20}, [3]int{80, 10, 2}), second}
	s := Summarize(p, g)
	text := markdown(p, s)
	for _, want := range []string{"| natural, ρ = 0 | 0.100 ± 0.000 | 0.070 ± 0.635 † |", "- Attacks, natural, ρ = 0, PGD 0.06: seed 2: more | images are right"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if len(s.Marked()) != 1 {
		t.Errorf("%q", s.Marked())
	}
}

// Chance is what the mean over all permutations is.
func TestHighPermuted(t *testing.T) {
	answers := []bands.Sample{
		{Label: 0, Whole: 0, Low: 1, High: 0}, {Label: 1, Whole: 1, Low: 1, High: 1},
		{Label: 0, Whole: 1, Low: 1, High: 2}, {Label: 2, Whole: 2, Low: 0, High: 0},
	}
	count, flips := 0, 0
	var permute func(order []int, rest []int)
	permute = func(order, rest []int) {
		if len(rest) == 0 {
			count++
			for i, a := range answers {
				if a.High = answers[order[i]].High; a.Flip() {
					flips++
				}
			}
		}
		for i, v := range rest {
			left := append(append([]int{}, rest[:i]...), rest[i+1:]...)
			permute(append(order[:len(order):len(order)], v), left)
		}
	}
	permute(nil, []int{0, 1, 2, 3})
	if got, want := highPermuted(answers), float64(flips)/float64(count); math.Abs(got-want) > 1e-12 || want == 0 {
		t.Errorf("%v, the mean over all permutations is %v", got, want)
	}
}

func TestKernelsAreDrawn(t *testing.T) {
	s := strip{[4]int{2, 3, 3, 3}, make([]float32, 2*27)}
	s.w[0], s.w[27] = 1, -1 // red and no red
	img := drawStrips([]strip{s, s})
	if got := img.Bounds().Size(); got != image.Pt(kernelGap+2*(3*weightPixels+kernelGap), kernelGap+2*(3*weightPixels+2*kernelGap)) {
		t.Errorf("%v", got)
	}
	at := func(x, y int) (r, g uint32) {
		r, g, _, _ = img.At(x, y).RGBA()
		return r >> 8, g >> 8
	}
	if r, g := at(kernelGap+1, kernelGap+1); r != 255 || g != 128 {
		t.Errorf("the first kernel is %d, %d", r, g)
	}
	if r, _ := at(2*kernelGap+3*weightPixels+1, kernelGap+1); r != 0 {
		t.Errorf("the second kernel is %d", r)
	}
}
