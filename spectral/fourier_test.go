package spectral

import (
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSequences compares transforms of every kind of length with the definition, four different
// sequences at a time.
func TestSequences(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	lengths := []int{1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 30, 31, 32, 37, 49, 60, 74, 97, 101, 128, 202, 211, 343, 360, 515, 750, 961, 1000, 1009}
	for _, n := range lengths {
		sequence, want, turns := make([]quad, n), make([]quad, n), roots(n)
		for j := range sequence {
			for l := range lanes {
				sequence[j][l] = complex(random.NormFloat64(), random.NormFloat64())
			}
		}
		for k := range want {
			for j, value := range sequence {
				for l := range lanes {
					want[k][l] += value[l] * turns[j*k%n]
				}
			}
		}
		transforms := map[string]sequences{}
		for _, a := range arithmetics() {
			transforms[a.name] = newSequences(n, a)
			transforms["bluestein "+a.name] = newBluestein(n, a)
			if n <= 200 { // large primes are slow
				transforms["mixed "+a.name] = newMixedRadix(n, factors(n), a)
			}
		}
		for name, fft := range transforms {
			// Twice: a transform must not modify its tables.
			for range 2 {
				got := fft.transform(slices.Clone(sequence), make([]quad, n))
				for k := range want {
					for l := range lanes {
						if d := cmplx.Abs(got[k][l] - want[k][l]); !(d < 1e-10) {
							t.Fatalf("%s of %d: element %d differs by %g", name, n, k, d)
						}
					}
				}
			}
		}
	}
}

func TestFactors(t *testing.T) {
	for n := 1; n < 3000; n++ {
		product, radices := 1, factors(n)
		for _, r := range radices {
			product *= r
		}
		if product != n {
			t.Fatalf("factors of %d: %v", n, radices)
		}
	}
	for n, want := range map[int]int{1: 1, 7: 8, 13: 15, 2017: 2025, 2025: 2025, 2026: 2048} {
		if got := smoothLength(n); got != want {
			t.Errorf("smooth length from %d: %d, want %d", n, got, want)
		}
	}
}
