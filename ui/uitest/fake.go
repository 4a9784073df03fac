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
	low := lowPass(pix, l.W, l.H, q.R)
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

// pixels draws a shape on a gradient with a faint texture.
var pixelCache sync.Map

func (l *FakeLab) pixels(i int) []float32 {
	key := [3]int{i, l.W, l.H}
	if p, ok := pixelCache.Load(key); ok {
		return p.([]float32)
	}
	rng := rand.New(rand.NewPCG(uint64(i), 7))
	pix := make([]float32, 3*l.W*l.H)
	var from, to, fill [3]float64
	for c := range 3 {
		from[c], to[c], fill[c] = 0.2+0.5*rng.Float64(), 0.2+0.5*rng.Float64(), rng.Float64()
	}
	class, cx, cy, size, turn := max(l.Label(i), 0), 0.4+0.2*rng.Float64(), 0.4+0.2*rng.Float64(), 0.25+0.1*rng.Float64(), rng.Float64()*6
	for y := range l.H {
		for x := range l.W {
			u, v := (float64(x)+0.5)/float64(l.W)-cx, (float64(y)+0.5)/float64(l.H)-cy
			rad, ang := math.Hypot(u, v), math.Atan2(v, u)+turn
			edge := size
			switch k := class; {
			case k == 0:
			case k == 4:
				if rad < size*0.55 {
					edge = 0
				}
			default:
				edge = size * (0.75 + 0.25*math.Cos(float64(k+2)*ang))
			}
			in := 1 / (1 + math.Exp((rad-edge)*60))
			tex := 0.05 * math.Sin(float64(x)*(1.8+0.1*float64(class))+float64(y)*2.1)
			for c := range 3 {
				g := from[c] + (to[c]-from[c])*(u+v+0.8)/2
				pix[c*l.W*l.H+y*l.W+x] = float32(min(max(g+(fill[c]-g)*in+tex+0.01*rng.NormFloat64(), 0), 1))
			}
		}
	}
	pixelCache.Store(key, pix)
	return pix
}

// lowPass keeps coefficients nearer than r: by the definition for small images, by
// blurring for large ones.
func lowPass(pix []float32, w, h int, r float64) []float32 {
	out := make([]float32, len(pix))
	if w*h > 64*64 {
		n := int(float64(w) / (4*r + 1))
		for i := range pix {
			x, plane := i%w, i/w*w
			var sum float32
			for k := -n; k <= n; k++ {
				sum += pix[plane+min(max(x+k, 0), w-1)]
			}
			out[i] = sum / float32(2*n+1)
		}
		return out
	}
	for c := range 3 {
		f := transform(pix[c*w*h:(c+1)*w*h], w, h)
		for y := range h {
			for x := range w {
				dx, dy := min(x, w-x), min(y, h-y)
				if math.Hypot(float64(dx), float64(dy)) >= r {
					f[y*w+x] = 0
				}
			}
		}
		g := dft(dft(f, w, h, 1, false), w, h, 1, true)
		for i := range g {
			out[c*w*h+i] = float32(real(g[i])) / float32(w*h)
		}
	}
	return out
}

func transform(pix []float32, w, h int) []complex128 {
	f := make([]complex128, w*h)
	for i, v := range pix {
		f[i] = complex(float64(v), 0)
	}
	return dft(dft(f, w, h, -1, false), w, h, -1, true)
}

// dft transforms rows or columns by the definition.
func dft(f []complex128, w, h int, sign float64, columns bool) []complex128 {
	out := make([]complex128, len(f))
	n, lines, step, next := w, h, 1, w
	if columns {
		n, lines, step, next = h, w, w, 1
	}
	turn := make([]complex128, n)
	for k := range turn {
		s, c := math.Sincos(sign * 2 * math.Pi * float64(k) / float64(n))
		turn[k] = complex(c, s)
	}
	for line := range lines {
		for k := range n {
			var sum complex128
			for x := range n {
				sum += f[line*next+x*step] * turn[k*x%n]
			}
			out[line*next+k*step] = sum
		}
	}
	return out
}

func (l *FakeLab) spectrum(i int) []float32 {
	out := make([]float32, l.W*l.H)
	if l.W*l.H > 64*64 {
		for k := range out {
			out[k] = float32(1 / (1 + 0.02*math.Hypot(float64(k%l.W-l.W/2), float64(k/l.W-l.H/2))))
		}
		return out
	}
	f := transform(l.pixels(i)[:l.W*l.H], l.W, l.H)
	most := 0.0
	for k := range f {
		most = max(most, math.Log1p(math.Hypot(real(f[k]), imag(f[k]))))
	}
	for y := range l.H {
		for x := range l.W {
			c := f[(y+l.H-l.H/2)%l.H*l.W+(x+l.W-l.W/2)%l.W]
			out[y*l.W+x] = float32(math.Log1p(math.Hypot(real(c), imag(c))) / most)
		}
	}
	return out
}

func (l *FakeLab) Bands(ctx context.Context, q lab.BandsRequest, update func(bands.Result)) (bands.Result, error) {
	if l.Panics == "Bands" {
		panic("fake bands panics")
	}
	total := l.Info().Images
	result := bands.Result{Radii: q.Radii, Low: make([]measure.Score, len(q.Radii)), High: make([]measure.Score, len(q.Radii)), Images: total}
	score := func(part bands.Part, r float64, n int) measure.Score {
		return measure.Score{Correct: int(fakeAccuracy(part, q.Setting, r)*float64(n) + hash(uint64(n), uint64(r), uint64(part))*math.Sqrt(float64(n))*0.4), N: n}
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
	rng := rand.New(rand.NewPCG(3, uint64(5+len(q.Model))))
	v := &kernels.View{Model: "demo" + q.Model, Layer: layer, DivideGain: q.DivideGain, Shape: [4]int{o, in, k, k}, Rho: rho, RoughnessBefore: 1.184, RoughnessAfter: 1.184 / (1 + 2*rho)}
	for range o * in * k * k {
		v.Before = append(v.Before, float32(rng.NormFloat64()*0.3))
	}
	v.After = make([]float32, len(v.Before))
	for p := range o * in {
		for y := range k {
			for x := range k {
				at := func(y, x int) float32 { return v.Before[p*k*k+min(max(y, 0), k-1)*k+min(max(x, 0), k-1)] }
				sum := float32(0)
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						if dy != 0 || dx != 0 {
							sum += at(y+dy, x+dx)
						}
					}
				}
				v.After[p*k*k+y*k+x] = at(y, x) + float32(rho)*sum
			}
		}
	}
	for b := range 24 {
		f := float64(b) / 23
		v.ResponseBefore = append(v.ResponseBefore, 0.8+0.5*math.Sin(2.6*f+0.3))
		v.ResponseAfter = append(v.ResponseAfter, (0.8+0.5*math.Sin(2.6*f+0.3))*(1+8*rho*math.Exp(-6*f*f)*0.3))
	}
	return v, nil
}
