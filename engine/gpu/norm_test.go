package gpu

import (
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// varianceIn draws positive numbers for one input, and normally distributed ones for others.
func varianceIn(input int) func(*rand.Rand, int) float64 {
	return func(rng *rand.Rand, i int) float64 {
		x := rng.NormFloat64()
		if i == input {
			return x*x + 0.1
		}
		return x
	}
}

func TestNorm(t *testing.T) {
	// The mean is far from zero.
	far := func(rng *rand.Rand, _ int) float64 { return 30 + rng.NormFloat64() }
	var all []opTest
	for _, x := range [][]int{{2, 3, 5, 7}, {3, 16, 9, 4}, {1, 70, 2, 3}, {5, 300, 1, 1}, {40, 9, 16, 8}} {
		s, v := []int{2, x[1]}, []int{x[1]}
		second, first := varianceIn(1), varianceIn(0)
		all = append(all,
			opTest{op: op.BatchStats{}, in: [][]int{x}},
			opTest{op: op.BatchStats{}, in: [][]int{x}, draw: far},
			opTest{op: op.BatchNorm{Epsilon: 1e-5}, in: [][]int{x, s, v, v}, draw: second},
			opTest{op: plan.FusedNorm{Epsilon: 1e-5}, in: [][]int{x, s, v, v}, draw: second},
			opTest{op: plan.FusedNorm{Epsilon: 1e-3, Residual: true}, in: [][]int{x, s, v, v, x}, draw: second},
			opTest{op: op.BatchNormReduce{Epsilon: 1e-5}, in: [][]int{x, s, x}, draw: second},
			opTest{op: plan.FusedNormReduce{Epsilon: 1e-5}, in: [][]int{x, s, v, v, x}, draw: second},
			opTest{op: op.BatchNormInputGrad{Epsilon: 1e-5}, in: [][]int{x, s, v, s, x}, draw: second},
			opTest{op: plan.FusedNormInputGrad{Epsilon: 1e-5}, in: [][]int{x, s, v, v, s, x}, draw: second},
			opTest{op: op.BatchNormScaleGrad{Epsilon: 1e-5}, in: [][]int{s, v, x}, draw: first},
			opTest{op: op.ChannelSum{}, in: [][]int{x}},
		)
	}
	checkAll(t, all...)
}
