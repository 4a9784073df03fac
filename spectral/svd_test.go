package spectral

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestSVDGolden compares the components of every rank with a reference with NumPy's.
func TestSVDGolden(t *testing.T) {
	g := readGolden(t, "testdata/svd.safetensors")
	x, shape := g.tensors["x"], g.shapes["x"]
	s := NewSVD(shape[2], shape[3])
	if err := s.Load(x); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for name, want := range g.tensors {
		label, found := strings.CutPrefix(name, "rank_")
		if !found {
			continue
		}
		k, err := strconv.Atoi(label)
		if err != nil {
			t.Fatal(err)
		}
		low, high, rest := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
		s.Split(low, high, k)
		subtract(rest, x, want)
		within(t, name, low, want, 1e-6)
		within(t, name+" remainder", high, rest, 1e-6)
		compared++
	}
	if compared != 5 {
		t.Fatalf("compared %d ranks, want 5", compared)
	}
}

func TestSVDProperties(t *testing.T) {
	const planes = 2
	for _, size := range append(sizes, [2]int{130, 129}) {
		h, w := size[0], size[1]
		t.Run(fmt.Sprintf("%dx%d", h, w), func(t *testing.T) {
			x := pixels(planes, h, w)
			s := NewSVD(h, w)
			if err := s.Load(x); err != nil {
				t.Fatal(err)
			}
			var all float64
			for _, v := range x {
				all += float64(v) * float64(v)
			}
			values := singularValues(t, x, h, w)
			zero := make([]float32, len(x))
			low, high, sum := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
			before := -1.0
			ranks := []int{-1, 0, 1, 2, s.MaxRank() / 2, s.MaxRank()/2 + 1, s.MaxRank() - 1, s.MaxRank(), s.MaxRank() + 1}
			slices.Sort(ranks)
			for _, k := range ranks {
				s.Split(low, high, k)
				switch {
				case k <= 0:
					within(t, "low at rank 0", low, zero, 0)
					within(t, "high at rank 0", high, x, 0)
				case k >= s.MaxRank():
					within(t, "low at full rank", low, x, 0)
					within(t, "high at full rank", high, zero, 0)
				}
				var lows, highs, product float64
				for i := range sum {
					sum[i] = low[i] + high[i]
					lows += float64(low[i]) * float64(low[i])
					highs += float64(high[i]) * float64(high[i])
					product += float64(low[i]) * float64(high[i])
				}
				within(t, fmt.Sprint("low + high at ", k), sum, x, 1e-6)
				if math.Abs(product) > 1e-5*all {
					t.Errorf("rank %d: the components' inner product is %v of %v", k, product, all)
				}
				want := 0.0
				for p := range planes {
					for _, v := range values[p][min(max(k, 0), s.MaxRank()):] {
						want += v * v
					}
				}
				energyLow, energyHigh := s.Energy(k)
				if math.Abs(energyHigh*all-want) > 1e-6*all || math.Abs(highs-want) > 1e-5*all || math.Abs(lows+want-all) > 1e-5*all {
					t.Errorf("rank %d: the remainder's energy is %v, by its pixels %v, by singular values %v", k, energyHigh*all, highs, want)
				}
				if math.Abs(energyLow+energyHigh-1) > 1e-15 || k > 0 && k <= s.MaxRank() && energyLow < before {
					t.Errorf("rank %d: energy fractions %v + %v, previously %v", k, energyLow, energyHigh, before)
				}
				before = energyLow
				alone := make([]float32, len(x))
				s.Split(alone, nil, k)
				within(t, "low alone", alone, low, 0)
				s.Split(nil, alone, k)
				within(t, "high alone", alone, high, 0)
				s.Split(nil, nil, k)
				if got, share := s.Matched(high); k >= 0 && k < s.MaxRank() && (got != k || math.Abs(share-energyLow) > 1e-5) {
					t.Errorf("the remainder of rank %d is matched by rank %d, with energy fraction %v, want %v", k, got, share, energyLow)
				}
			}
			if k, share := s.Matched(zero); k != s.MaxRank() || share != 1 {
				t.Errorf("a zero remainder is matched by rank %d of %d, with energy fraction %v", k, s.MaxRank(), share)
			}
		})
	}
}

// singularValues returns those of every plane by Gonum's SVD, in descending order.
func singularValues(t *testing.T, x []float32, h, w int) (all [][]float64) {
	t.Helper()
	for p := range len(x) / (h * w) {
		plane := mat.NewDense(h, w, nil)
		for i, v := range x[p*h*w:][:h*w] {
			plane.Set(i/w, i%w, float64(v))
		}
		var svd mat.SVD
		if !svd.Factorize(plane, mat.SVDNone) {
			t.Fatal("no singular values")
		}
		all = append(all, svd.Values(nil))
	}
	return all
}

// The squares of the singular values of all planes sum to the energy, rank by rank.
func TestSVDValues(t *testing.T) {
	const h, w, planes = 7, 5, 3
	x := make([]float32, planes*h*w)
	for i := range x {
		x[i] = float32(i%11) - 3*float32(i%4)
	}
	s := NewSVD(h, w)
	if err := s.Load(x); err != nil {
		t.Fatal(err)
	}
	values := s.Values()
	sum, energy := 0.0, 0.0
	for k, v := range values {
		if k > 0 && v > values[k-1]+1e-9 {
			t.Errorf("value %d is above the one before: %v", k, values)
		}
		if low, _ := s.Energy(k); math.Abs(planes*sum/s.tail[0]-low) > 1e-6 {
			t.Errorf("the first %d values hold %v of the energy, want %v", k, planes*sum/s.tail[0], low)
		}
		sum += v * v
	}
	for _, v := range x {
		energy += float64(v) * float64(v)
	}
	if len(values) != w || math.Abs(planes*sum-energy) > 1e-3*energy {
		t.Errorf("%d values whose squares sum to %v, want %v", len(values), planes*sum, energy)
	}
}

// TestSVDMatched: the matched rank's remainder has the energy closest to that of the Fourier split,
// and the rank increases with the radius.
func TestSVDMatched(t *testing.T) {
	for _, size := range [][2]int{{32, 32}, {28, 28}, {33, 47}, {40, 24}} {
		h, w := size[0], size[1]
		x := pixels(3, h, w)
		fourier, svd := NewSplitter(h, w), NewSVD(h, w)
		fourier.Load(x)
		if err := svd.Load(x); err != nil {
			t.Fatal(err)
		}
		energy := func(x []float32) (sum float64) {
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
			return sum
		}
		high, rest := make([]float32, len(x)), make([]float32, len(x))
		before := 0
		for r := range int(MaxRadius(h, w)) + 1 {
			fourier.Split(nil, high, float64(r))
			k, _ := svd.Matched(high)
			want := energy(high)
			svd.Split(nil, rest, k)
			off := math.Abs(energy(rest) - want)
			for other := range svd.MaxRank() + 1 {
				svd.Split(nil, rest, other)
				if d := math.Abs(energy(rest) - want); d < off-1e-6*want {
					t.Errorf("%dx%d r=%d: rank %d is off by %v, rank %d by %v", h, w, r, k, off, other, d)
				}
			}
			if k < before {
				t.Errorf("%dx%d r=%d: rank falls from %d to %d", h, w, r, before, k)
			}
			before = k
			if r == 0 && k != 0 || float64(r) == MaxRadius(h, w) && k != svd.MaxRank() {
				t.Errorf("%dx%d r=%d is matched by rank %d", h, w, r, k)
			}
		}
	}
}

func TestSVDReload(t *testing.T) {
	const h, w = 12, 9
	s := NewSVD(h, w)
	x := pixels(3, h, w)
	low, want := make([]float32, h*w), make([]float32, h*w)
	if err := s.Load(x); err != nil {
		t.Fatal(err)
	}
	y := x[h*w:][:h*w]
	if err := s.Load(y); err != nil {
		t.Fatal(err)
	}
	s.Split(low, nil, 3)
	fresh := NewSVD(h, w)
	if err := fresh.Load(y); err != nil {
		t.Fatal(err)
	}
	fresh.Split(want, nil, 3)
	within(t, "after another image", low, want, 0)

	// A constant image has rank 1, an all-zero one no energy.
	for i := range y {
		y[i] = 0.3
	}
	if err := s.Load(y); err != nil {
		t.Fatal(err)
	}
	s.Split(low, nil, 1)
	within(t, "rank 1 of a constant plane", low, y, 1e-6)
	clear(y)
	if err := s.Load(y); err != nil {
		t.Fatal(err)
	}
	if low, high := s.Energy(1); low != 0 || high != 0 {
		t.Errorf("energy of an all-zero image: %v, %v", low, high)
	}
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		y[5] = bad
		if s.Load(y) == nil {
			t.Errorf("accepted an image with %v", bad)
		}
	}
}

func BenchmarkSVD(b *testing.B) {
	for _, size := range []int{32, 224} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			x, s := pixels(3, size, size), NewSVD(size, size)
			low, high := make([]float32, len(x)), make([]float32, len(x))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Load(x); err != nil {
					b.Fatal(err)
				}
				s.Split(low, high, size/4)
			}
		})
	}
}
