package uitest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/candidates"
	"hfcui/engine/dataset"
	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/view"
)

// FakeLab answers like a Lab of ten shapes: procedural pictures, a true Fourier split, and
// made-up but plausible answers of a model.
type FakeLab struct {
	used      []string // models that were opened
	Others    []string // models beside
	Asked     []lab.KernelsRequest
	Saved     []SavedModel
	Mu        sync.Mutex
	About     lab.Info
	W, H      int           // size of the pictures
	ViewTime  time.Duration // what a View takes besides making it
	BandTime  time.Duration // what a round of Bands takes
	Views     []view.Request
	Heatmaps  []lab.HeatmapRequest
	ViewError error
	viewGate  chan struct{} // if set, a View waits for it
	Panics    string        // what method panics
	Attacks   fakeAttacks
	Given     model.Description // about the model that was opened last
	Reopened  []lab.Choice
	Found     candidates.Result // by checks
	Lost      string            // why the CPU has taken over
}

var fakeConvs = []string{"conv1.weight", "layer1.0.conv1.weight", "layer2.0.conv1.weight", "layer2.0.downsample.0.weight"}

var fakeClasses = []string{"circle", "square", "triangle", "star", "ring", "cross", "crescent", "heart", "hexagon", "arrow"}

func NewFakeLab() *FakeLab {
	return &FakeLab{W: 32, H: 32, About: lab.Info{
		Model: "demo", Net: "resnet20", Params: 271_117, BatchNorm: true, FirstConv: "conv1.weight", Convs: fakeConvs,
		Classes: fakeClasses, Channels: 3, Height: 32, Width: 32, Data: "shapes", Split: "test",
		Splits: []string{"test", "train"}, Images: 2000, Labeled: true, Device: "cpu avx512, 2 threads",
		MaxRadius: 23, MaxPreview: 23,
	}}
}

func (l *FakeLab) Info() lab.Info {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	return l.About
}

func (l *FakeLab) SetSplit(split string) error {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	if split == "broken" {
		return fmt.Errorf("no such split")
	}
	l.About.Split = split
	l.About.Images = map[string]int{"test": 2000, "train": 10000}[split]
	return nil
}

func (l *FakeLab) UseModel(_ context.Context, path string) error {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	if strings.HasPrefix(path, "/broken") {
		return fmt.Errorf("no such model")
	}
	l.used = append(l.used, path)
	l.About.Model = "demo"
	if path != "" {
		l.About.Model = fmt.Sprintf("newest%d", len(l.used))
	}
	return nil
}

// Reopen keeps what is to be opened.
func (l *FakeLab) Reopen(ctx context.Context, c lab.Choice) error {
	l.Mu.Lock()
	l.Given, l.Reopened = c.Given, append(l.Reopened, c)
	if strings.HasPrefix(c.Data, "/broken") {
		l.Mu.Unlock()
		return fmt.Errorf("no such data")
	}
	if c.Device == "cuda" {
		l.Mu.Unlock()
		return fmt.Errorf("no CUDA: libcuda.so.1 not found; on Debian, install libcuda1")
	}
	if c.Device != "" {
		l.About.Device = c.Device
	}
	if c.Data != "" {
		l.About.Data, l.About.Images = c.Data, 500
	}
	l.Mu.Unlock()
	if c.Model == "" {
		return nil
	}
	return l.UseModel(ctx, c.Model)
}

// Devices are the CPU, a GPU and a kind that is missing.
func (l *FakeLab) Devices() []lab.Device {
	return []lab.Device{{Name: "cpu", About: "the processor", InUse: true, Found: true},
		{Name: "opencl:0", About: "Radeon 780M, OpenCL 2.1, AMD 3.6, 16.0 GB of memory", Found: true},
		{Name: "cuda", About: "no CUDA: libcuda.so.1 not found; on Debian, install libcuda1"}}
}

// Loss is Lost.
func (l *FakeLab) Loss() string {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	return l.Lost
}

// Opened is the demo.
func (l *FakeLab) Opened() (string, model.Description) { return "demo", model.Description{} }

// Reading is that of a model made here.
func (l *FakeLab) Reading() lab.Reading {
	return lab.Reading{Reading: model.Reading{Input: [3]int{3, 32, 32}, Normalized: model.InFile}}
}

// Check finds what Found says.
func (l *FakeLab) Check(context.Context, func(int)) (lab.Reading, error) {
	r := l.Reading()
	l.Mu.Lock()
	defer l.Mu.Unlock()
	r.Result = l.Found
	return r, nil
}

// Models lists what was opened.
func (l *FakeLab) Models() []string {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	return slices.Clone(l.used)
}

func (l *FakeLab) Label(i int) int {
	if !l.About.Labeled {
		return -1
	}
	return int(hash(uint64(i))*10) % 10
}

func (l *FakeLab) Title(i int) string { return fmt.Sprint(l.Info().Split, " ", i) }

// hash is a number in [0, 1) that looks random.
func hash(seed ...uint64) float64 {
	h := uint64(1469598103934665603)
	for _, s := range seed {
		h = (h ^ s) * 1099511628211
		h ^= h >> 29
	}
	h *= 0x9e3779b97f4a7c15
	return float64(h>>11) / (1 << 53)
}

// answer is what the fake model makes of a part: the chance to be right rises with what
// is left of the image.
func (l *FakeLab) answer(i int, part bands.Part, q bands.Setting, r float64) measure.Prediction {
	share := fakeAccuracy(part, q, r)
	luck := hash(uint64(i), uint64(part)+17)
	label := max(l.Label(i), 0)
	class := label
	if luck > share {
		class = (label + 1 + int(luck*97)%9) % 10
	}
	margin := 6*math.Abs(share-luck) + 0.8
	p := measure.Prediction{Class: class, Probabilities: make([]float64, len(l.About.Classes))}
	sum := 0.0
	for c := range p.Probabilities {
		z := 1.6 * hash(uint64(i), uint64(c), uint64(part), uint64(r))
		if c == class {
			z = 1.6 + margin
		}
		p.Probabilities[c] = math.Exp(z)
		sum += p.Probabilities[c]
	}
	for c := range p.Probabilities {
		p.Probabilities[c] /= sum
	}
	return p
}

func fakeAccuracy(part bands.Part, q bands.Setting, r float64) float64 {
	logistic := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	fade := 1 - 0.12*q.Rho
	boost := 0.03 * float64(q.Statistics)
	switch part {
	case bands.Low:
		return 0.1 + (0.87*fade)*logistic((r-8-boost*20)/2)
	case bands.High:
		return 0.1 + (0.85*fade)*logistic((12*(1-0.2*q.Rho)+boost*40-r)/2.2)
	}
	return 0.972 * fade
}

func (l *FakeLab) SaveSmoothed(_ context.Context, path string, q lab.KernelsRequest) error {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	if strings.Contains(path, "there") {
		return fmt.Errorf("%s: %w; give a file name that is not there yet", path, os.ErrExist)
	}
	l.Saved = append(l.Saved, SavedModel{path, q})
	return nil
}

// SavedModel is what a fakeLab was asked to save.
type SavedModel struct {
	Path string
	lab.KernelsRequest
}

func (l *FakeLab) OpenComparison(_ context.Context, path string) (lab.Info, error) {
	info := l.Info()
	info.Model = path
	l.Mu.Lock()
	defer l.Mu.Unlock()
	if strings.HasPrefix(path, "/broken") {
		return info, fmt.Errorf("%s takes images of 28×28 gray", path)
	}
	l.Others = append(l.Others, path)
	if strings.HasPrefix(path, "/smoothed") {
		info.Note = "it was saved with smoothed kernels"
	}
	return info, nil
}

func (l *FakeLab) CloseComparison(path string) {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	l.Others = slices.DeleteFunc(l.Others, func(p string) bool { return p == path })
}

func (l *FakeLab) Foreground() (leave func()) { return func() {} }

func (l *FakeLab) View(ctx context.Context, q view.Request) (*view.View, error) {
	l.Mu.Lock()
	l.Views = append(l.Views, q)
	gate, err := l.viewGate, l.ViewError
	l.Mu.Unlock()
	if l.Panics == "View" {
		panic("fake view panics")
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	pix := l.pixels(q.Index)
	low := l.lowPass(q.Index, q.R)
	high := make([]float32, len(pix))
	var el, eh float64
	for i := range pix {
		high[i] = pix[i] - low[i]
		el += float64(low[i]-0.5) * float64(low[i]-0.5)
		eh += float64(high[i]) * float64(high[i])
	}
	kept := 0
	for y := range l.H {
		for x := range l.W {
			if math.Hypot(float64(x-l.W/2), float64(y-l.H/2)) < q.R {
				kept++
			}
		}
	}
	v := &view.View{
		Request: q, Title: l.Title(q.Index), Label: l.Label(q.Index), Spectrum: l.spectrum(q.Index),
		MaxR: math.Ceil(math.Hypot(float64(l.W/2), float64(l.H/2)) + 1e-9),
		Kept: kept, Total: l.W * l.H, EnergyLow: el / (el + eh), EnergyHigh: eh / (el + eh),
	}
	if q.By == bands.SVD { // the parts are none, what is said of them is
		v.Kept, v.Total, v.Matched = int(q.R), min(l.W, l.H), v.EnergyLow
		for i := range v.Total {
			v.Singular = append(v.Singular, math.Pow(10, 1-float64(i)/8))
		}
	}
	v.SeenKept, v.SeenTotal = v.Kept, v.Total
	for p, x := range [][]float32{pix, low, high} {
		v.Pictures[p] = dataset.Image{C: 3, H: l.H, W: l.W, Pix: x}
		v.Predictions[p] = l.answer(q.Index, bands.Part(p), q.Setting, q.R)
	}
	time.Sleep(l.ViewTime)
	v.Split, v.Infer = 1200*time.Microsecond, 3400*time.Microsecond
	return v, nil
}

func (l *FakeLab) Bands(ctx context.Context, q lab.BandsRequest, update func(bands.Result)) (bands.Result, error) {
	if l.Panics == "Bands" {
		panic("fake bands panics")
	}
	total := l.Info().Images
	result := bands.Result{Radii: q.Radii, Low: make([]measure.Score, len(q.Radii)), High: make([]measure.Score, len(q.Radii)), Images: total}
	if strings.HasPrefix(q.Model, "/unscored") {
		return result, fmt.Errorf("model %s does not match the data", q.Model)
	}
	fade := 1 - 0.05*float64(len(q.Model)) // other models are worse
	score := func(part bands.Part, r float64, n int) measure.Score {
		return measure.Score{Correct: int(fade*fakeAccuracy(part, q.Setting, r)*float64(n) + hash(uint64(n), uint64(r), uint64(part))*math.Sqrt(float64(n))*0.4), N: n}
	}
	for n := 16; ; n = min(n*3/2, total) {
		select {
		case <-ctx.Done():
			return result, ctx.Err()
		case <-time.After(l.BandTime):
		}
		result.Whole = score(bands.Whole, 0, n)
		low, high := make([]measure.Score, len(q.Radii)), make([]measure.Score, len(q.Radii))
		for i, r := range q.Radii {
			low[i], high[i] = score(bands.Low, r, n), score(bands.High, r, n)
		}
		result.Low, result.High = low, high
		result.Changes = make([]bands.Change, len(q.Radii))
		for i, s := range low {
			result.Changes[i] = bands.Change{Differ: measure.Score{Correct: s.N - s.Correct, N: s.N}, Both: s, Epsilon: bands.Distance{L2: 2.5, LInf: 0.25}}
		}
		if l.compared(q.Model) {
			result.Outcomes = fakeOutcomes(result)
		}
		result.Flips = make([]bands.FlipCounts, len(q.Radii))
		for i := range result.Flips {
			result.Flips[i] = fakeFlips(result.Whole.Correct, high[i].Correct, n)
		}
		result.ImagesPerSecond = 61_234
		if q.Statistics == model.BatchStatistics {
			result.BatchSize = 100
		}
		result.Done = n == total
		update(result)
		if result.Done {
			return result, nil
		}
	}
}

func (l *FakeLab) NextFlip(ctx context.Context, q lab.NextFlipRequest, progress func(done, total int)) (int, bool, error) {
	n := l.Info().Images
	for k := 1; k <= n; k++ {
		i := ((q.From+k*q.Step)%n + n) % n
		if k%4 == 0 {
			progress(k, n)
		}
		select {
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-time.After(l.BandTime / 8):
		}
		label := l.Label(i)
		if q.Class >= 0 && label != q.Class {
			continue
		}
		if l.answer(i, bands.Whole, q.Setting, q.R).Class == label && l.answer(i, bands.High, q.Setting, q.R).Class == label && l.answer(i, bands.Low, q.Setting, q.R).Class != label {
			return i, true, nil
		}
	}
	return 0, false, nil
}

func (l *FakeLab) Kernels(_ context.Context, q lab.KernelsRequest) (*kernels.View, error) {
	o, in, k, rho := 16, 3, 3, q.Rho
	layer := q.Layer
	switch layer {
	case "":
		layer = "conv1.weight"
	case "layer1.0.conv1.weight":
		in = 16
	case "layer2.0.conv1.weight":
		if o, in = 200, 100; q.Model == "/wide.pt" {
			o, in = 300, 7
		}
	case "layer2.0.downsample.0.weight":
		o, in, k = 32, 16, 1
	}
	l.Mu.Lock()
	l.Asked = append(l.Asked, q)
	l.Mu.Unlock()
	if q.Model == "/other-net.pt" && q.Layer != "" {
		return nil, fmt.Errorf("there is no layer %s in other-net", q.Layer)
	}
	v := &kernels.View{Model: "demo" + q.Model, Layer: layer, DivideGain: q.DivideGain, Shape: [4]int{o, in, k, k}, Rho: rho, RoughnessBefore: 1.184, RoughnessAfter: 1.184 / (1 + 2*rho)}
	weights := fakeWeights(weightsKey{uint64(5 + len(q.Model)), o * in, k, rho})
	v.Before, v.After = weights[0], weights[1]
	for b := range 24 {
		f := float64(b) / 23
		v.ResponseBefore = append(v.ResponseBefore, 0.8+0.5*math.Sin(2.6*f+0.3))
		v.ResponseAfter = append(v.ResponseAfter, (0.8+0.5*math.Sin(2.6*f+0.3))*(1+8*rho*math.Exp(-6*f*f)*0.3))
	}
	return v, nil
}

type weightsKey struct {
	seed      uint64
	planes, k int
	rho       float64
}

// fakeWeights makes planes of k×k random weights, before and after smoothing.
func fakeWeights(key weightsKey) [2][]float32 {
	return remembered(key, func() (w [2][]float32) {
		rng, k := rand.New(rand.NewPCG(3, key.seed)), key.k
		for i := range w {
			w[i] = make([]float32, key.planes*k*k)
		}
		for i := range w[0] {
			w[0][i] = float32(rng.NormFloat64() * 0.3)
		}
		for i := range w[0] {
			p, y, x := i/(k*k)*k*k, i/k%k, i%k
			sum := -w[0][i]
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					sum += w[0][p+min(max(y+dy, 0), k-1)*k+min(max(x+dx, 0), k-1)]
				}
			}
			w[1][i] = w[0][i] + float32(key.rho)*sum
		}
		return w
	})
}
