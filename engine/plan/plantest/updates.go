package plantest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// Updates compares a device's weight updates with optim's, for arrays of all lengths, and requires
// bitwise equality between an array updated in one piece and split at multiples of sixteen elements.
func Updates(t *testing.T, dev plan.Device) {
	exe, err := dev.Compile(product(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	local, ok := exe.(plan.Local)
	if !ok {
		t.Skip("the device does not share weights")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int, positive bool) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
			if positive {
				v[i] *= v[i]
			}
		}
		return v
	}
	for kind := range optim.Kinds {
		for _, n := range []int{0, 1, 15, 16, 17, 64, 100} {
			u := optim.Update{Kind: kind, K: [8]float32{0.1, 0.01, 0.02, 0.9, 0.1, 0.7, 1e-3, 0.99}}
			start := [][]float32{random(n, false), random(n, false), random(n, true), random(n, true)}
			copies := func() (a [][]float32) {
				for _, v := range start {
					a = append(a, slices.Clone(v))
				}
				return a
			}
			want, got, parts := copies(), copies(), copies()
			u.Apply(want[0], want[1], want[2], want[3])
			local.Update(&u, got[0], got[1], got[2], got[3])
			cut := n / 2 / 16 * 16
			local.Update(&u, parts[0][:cut], parts[1][:cut], parts[2][:cut], parts[3][:cut])
			local.Update(&u, parts[0][cut:], parts[1][cut:], parts[2][cut:], parts[3][cut:])
			for i, array := range []string{"weights", "gradients", "s", "t"} {
				what := fmt.Sprintf("%v of %d: %s", kind, n, array)
				if n > 0 {
					Close(t, what, got[i], want[i], 1e-6)
				}
				if !slices.Equal(got[i], parts[i]) {
					t.Errorf("%s: differs when split", what)
				}
			}
		}
	}
}
