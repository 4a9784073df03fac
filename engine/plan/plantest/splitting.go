package plantest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// SplitSizes are channels, height and width of images that a device must split: small ones, larger ones,
// and such of lengths with large prime factors.
var SplitSizes = [][3]int{{3, 32, 32}, {1, 28, 28}, {3, 9, 14}, {2, 64, 33}, {1, 1, 5}, {3, 96, 70}, {1, 67, 45}, {3, 224, 224}, {2, 5, 299}}

// Splitting compares components, of images with pixels in [0,1], with package spectral's, for a device
// that splits images of sizes [C,H,W]: they are off by 1e-5 at most, and together are the whole image.
func Splitting(t *testing.T, dev plan.Device, sizes [][3]int) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%dx%dx%d", size[0], size[1], size[2]), func(t *testing.T) { splitting(t, dev, size) })
	}
}

// splitBatch is the batch of the program whose input is split, splitImages the number of images.
const splitBatch, splitImages = 3, 2

func splitting(t *testing.T, dev plan.Device, size [3]int) {
	g := gorgonia.NewGraph()
	x := must1(op.Input(g, "x", splitBatch, size[0], size[1], size[2]))(t)
	y := must1(op.Apply(op.Add{}, x, x))(t)
	p := must1(plan.Lower(g, map[string]*gorgonia.Node{"y": y}))(t)
	exe := must1(dev.Compile(p, nil))(t)
	defer exe.Close()
	s, ok := exe.(plan.Splitting)
	if !ok {
		t.Skip("the device does not split images")
	}
	rng := rand.New(rand.NewPCG(7, 7))
	draw := func() *plan.Whole {
		w := &plan.Whole{Pixels: make([]float32, splitImages*size[0]*size[1]*size[2])}
		for i := range w.Pixels {
			w.Pixels[i] = rng.Float32()
		}
		for i := range size[1] * size[2] { // a flat plane has only its mean
			w.Pixels[i] = 0.3
		}
		return w
	}
	first, far := draw(), spectral.MaxRadius(size[1], size[2])
	for _, c := range []*plan.Components{
		{Whole: first},
		{Whole: first, Radii: []float64{0, 1, far / 3, math.Sqrt2, far - 1, far}},
		{Whole: first, Radii: []float64{far / 2}, Normalize: plan.NormalizeMax},
		{Whole: draw(), Radii: []float64{0, 2.5, far}, Normalize: plan.NormalizeStd},
	} {
		if done, err := s.Split(t.Context(), "x", c); !done || err != nil {
			t.Fatalf("split: %v, %v", done, err)
		}
		compareComponents(t, s, c, size)
	}
	resized := &plan.Whole{Resize: &plan.Resize{C: 4 - size[0], H: 7, W: 5, Channels: weights(rng, size[0], 4-size[0]), Rows: weights(rng, size[1], 7), Columns: weights(rng, size[2], 5)}}
	for range splitImages * resized.Resize.C * resized.Resize.H * resized.Resize.W {
		resized.Pixels = append(resized.Pixels, rng.Float32())
	}
	c := &plan.Components{Whole: resized, Radii: []float64{far / 3}}
	if done, err := s.Split(t.Context(), "x", c); !done || err != nil {
		t.Fatalf("split after resizing: %v, %v", done, err)
	}
	compareComponents(t, s, c, size)
	if _, err := s.Split(t.Context(), "x", &plan.Components{Whole: &plan.Whole{Pixels: resized.Pixels, Resize: &plan.Resize{C: 1, H: 7, W: 5}}}); err == nil {
		t.Error("resizing without matrices is no error")
	}
	if s.SetComponents(0, splitBatch+1) == nil || s.SetComponents(-1, 1) == nil || s.SetComponents(3*splitImages-1, 2) == nil {
		t.Error("components that are not there are no error")
	}
	if _, err := s.Split(t.Context(), "y", &plan.Components{Whole: first}); err == nil {
		t.Error("splitting for an unknown input is no error")
	}
	if _, err := s.Split(t.Context(), "x", &plan.Components{Whole: first, Radii: []float64{math.NaN()}}); err == nil {
		t.Error("a radius that is no number is no error")
	}
}

// weights is a matrix [to,from] whose rows have a few elements that are not zero, with sum 1.
func weights(rng *rand.Rand, to, from int) []float32 {
	m := make([]float32, to*from)
	for row := range to {
		at := rng.IntN(from)
		m[row*from+at] = 0.25
		m[row*from+min(at+1, from-1)] += 0.75
	}
	return m
}

// compareComponents compares all components, the distances, and what a program computes of some.
func compareComponents(t *testing.T, s plan.Splitting, c *plan.Components, size [3]int) {
	t.Helper()
	whole, pixels := c.Pixels, size[0]*size[1]*size[2]
	if c.Resize != nil {
		whole = nil
		for image := range slices.Chunk(c.Pixels, c.Resize.C*c.Resize.H*c.Resize.W) {
			whole = append(whole, c.Resize.Apply(image)...)
		}
	}
	n := len(whole)
	low, high := make([][]float32, len(c.Radii)), make([][]float32, len(c.Radii))
	for i := range c.Radii {
		low[i], high[i] = make([]float32, n), make([]float32, n)
	}
	spectral.NewBatch(size[1], size[2], 1).Split(low, high, whole, c.Radii)
	want := slices.Clone(whole)
	var distances []plan.Distance
	for i := range c.Radii {
		for at := 0; at < n; at += pixels {
			c.Normalize.Apply(low[i][at:][:pixels])
			c.Normalize.Apply(high[i][at:][:pixels])
			distances = append(distances, plan.DistanceOf(whole[at:][:pixels], low[i][at:][:pixels]))
		}
		want = append(append(want, low[i]...), high[i]...)
	}
	got, far := make([]float32, len(want)), make([]plan.Distance, len(distances))
	must(t, s.Components(got, 0))
	must(t, s.Distances(far))
	within := func(what string, got, want, tolerance float64) {
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%v of radii %v: %s is %g, want %g", c.Normalize, c.Radii, what, got, want)
		}
	}
	for at := 0; at < len(want); at += pixels {
		// Normalization makes errors larger, as it does the numbers.
		tolerance := 1e-5 * max(1, float64(slices.Max(want[at:][:pixels])))
		if c.Normalize == plan.NormalizeStd {
			tolerance *= 10
		}
		for i := at; i < at+pixels; i++ {
			if !(math.Abs(float64(got[i]-want[i])) <= tolerance) {
				t.Fatalf("%v of radii %v: component %d, pixel %d is %g, want %g", c.Normalize, c.Radii, at/pixels, i-at, got[i], want[i])
			}
		}
	}
	for i, d := range distances {
		within("a distance in L2", far[i].L2, d.L2, 1e-4*max(1, d.L2))
		within("a distance in L∞", far[i].LInf, d.LInf, 1e-4*max(1, d.LInf))
	}
	if c.Normalize == plan.NormalizeNone {
		for i := range c.Radii {
			orthogonal(t, whole, got[(1+2*i)*n:][:n], got[(2+2*i)*n:][:n])
		}
	}
	must(t, s.SetComponents(len(want)/pixels-splitBatch+1, splitBatch-1))
	y := make([]float32, splitBatch*pixels)
	must(t, s.Run(t.Context()))
	must(t, s.Output("y", y))
	part := got[len(got)-(splitBatch-1)*pixels:]
	for i, v := range part {
		if !(math.Abs(float64(y[i]-2*v)) <= 0.02*math.Abs(float64(v))) { // bf16 has 8 bits
			t.Fatalf("output %d is %g, want %g", i, y[i], 2*v)
		}
	}
}

// orthogonal requires of components that they add up to the image, and so does their energy (Parseval).
func orthogonal(t *testing.T, x, low, high []float32) {
	t.Helper()
	var whole, parts float64
	for i, v := range x {
		if !(math.Abs(float64(low[i]+high[i]-v)) <= 1e-6) {
			t.Fatalf("pixel %d: %g + %g is not %g", i, low[i], high[i], v)
		}
		whole += float64(v) * float64(v)
		parts += float64(low[i])*float64(low[i]) + float64(high[i])*float64(high[i])
	}
	if !(math.Abs(parts/whole-1) <= 1e-5) {
		t.Errorf("components have %g of the image's energy", parts/whole)
	}
}
