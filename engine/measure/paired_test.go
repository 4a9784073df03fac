package measure

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The first interval is Newcombe's own example for method 10.
func TestNewcombe(t *testing.T) {
	for _, c := range []struct {
		p      Paired
		lo, hi float64
	}{
		{Paired{36, 12, 2, 0}, 0.0569, 0.3404},
		{Paired{0, 0, 0, 0}, -1, 1},
	} {
		lo, hi := c.p.Newcombe()
		if math.Abs(lo-c.lo) > 5e-5 || math.Abs(hi-c.hi) > 5e-5 {
			t.Errorf("%+v: [%.4f, %.4f], want [%.4f, %.4f]", c.p, lo, hi, c.lo, c.hi)
		}
	}
	for _, p := range []Paired{{Both: 10}, {Neither: 10}, {First: 10}, {Second: 10}, {Both: 9, First: 1}} {
		if lo, hi := p.Newcombe(); lo < -1 || hi > 1 || lo > p.Difference() || hi < p.Difference() || hi-lo < 1e-3 {
			t.Errorf("%+v: [%v, %v] about %v", p, lo, hi, p.Difference())
		}
	}
}

// The interval's coverage of the true difference is close to nominal.
func TestNewcombeCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ both, first, second float64 }{{0.8, 0.1, 0.05}, {0.5, 0.02, 0.02}, {0.1, 0.4, 0.2}} {
		const trials, n = 2000, 100
		covered := 0
		for range trials {
			var p Paired
			for range n {
				switch u := rng.Float64(); {
				case u < c.both:
					p.Both++
				case u < c.both+c.first:
					p.First++
				case u < c.both+c.first+c.second:
					p.Second++
				default:
					p.Neither++
				}
			}
			if lo, hi := p.Newcombe(); lo <= c.first-c.second && c.first-c.second <= hi {
				covered++
			}
		}
		if share := float64(covered) / trials; share < 0.93 || share > 0.985 {
			t.Errorf("%+v: covers %.3f, want about 0.95", c, share)
		}
	}
}
