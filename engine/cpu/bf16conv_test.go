package cpu

import (
	"fmt"
	"math"
	"testing"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// Of numbers that bf16 has, convolutions give what exact arithmetic gives, rounded when it
// is stored.
func TestConvolutionsInBF16(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	for _, set := range kernel.Sets() {
		d, err := New(Options{ISA: set.Name, DType: plan.BFloat16})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"convolution", "convolution around itself", "gradients of folded convolutions", "folded convolution"} {
			t.Run(set.Name+"/"+name, func(t *testing.T) {
				for seed := range rounds {
					b := newBuilder(t, uint64(seed))
					operations[name](b)
					for _, data := range b.data {
						for i, v := range data {
							data[i] = kernel.Widen(kernel.Narrow(v))
						}
					}
					want, got := b.run(plan.Reference()), b.run(d)
					for name := range want {
						rounded(t, fmt.Sprintf("seed %d, %s", seed, name), got[name], want[name])
					}
				}
			})
		}
	}
}

// rounded checks that got is want but for some roundings to bf16 on the way.
func rounded(t *testing.T, what string, got, want []float32) {
	t.Helper()
	size := 0.0
	for _, v := range want {
		size += float64(v) * float64(v)
	}
	size = math.Sqrt(size / float64(len(want)))
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if !(d <= (math.Abs(float64(want[i]))+size)/64) {
			t.Fatalf("%s: element %d is %v, not %v", what, i, got[i], want[i])
		}
	}
}
