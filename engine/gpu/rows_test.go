package gpu

import (
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
)

func TestLosses(t *testing.T) {
	var all []opTest
	for _, classes := range []int{3, 10, 64, 1000} {
		z := []int{4, classes}
		for _, spread := range []float64{0, 1, 30} { // of logits: equal, or a confident prediction
			logits := func(rng *rand.Rand, i int) float64 {
				if i == 0 {
					return spread * rng.NormFloat64()
				}
				return rng.NormFloat64()
			}
			soft := func(rng *rand.Rand, i int) float64 {
				if i == 1 {
					return rng.Float64()
				}
				return logits(rng, i)
			}
			hard := func(rng *rand.Rand, i int) float64 {
				if i == 1 {
					return float64(1 - min(1, rng.IntN(classes)))
				}
				return logits(rng, i)
			}
			all = append(all,
				opTest{op: op.Softmax{}, in: [][]int{z}, draw: logits},
				opTest{op: op.SoftmaxCrossEntropy{}, in: [][]int{z, z}, draw: hard},
				opTest{op: op.SoftmaxCrossEntropy{Sum: true}, in: [][]int{z, z}, draw: soft},
				opTest{op: op.SoftmaxCrossEntropyGrad{}, in: [][]int{z, z, {}}, draw: hard},
				opTest{op: op.SoftmaxCrossEntropyGrad{Sum: true}, in: [][]int{z, z, {}}, draw: soft},
				opTest{op: op.DLR{}, in: [][]int{z, z}, draw: logits},
			)
			if spread > 0 { // else the ratio is 0/1e-12
				all = append(all, opTest{op: op.DLRGrad{}, in: [][]int{z, z, {}}, draw: logits})
			}
		}
	}
	checkAll(t, all...)
}

func TestRows(t *testing.T) {
	var all []opTest
	for _, x := range [][]int{{1, 1}, {3, 7}, {600, 33}, {5, 1000}} {
		all = append(all,
			opTest{op: op.SoftmaxGrad{}, in: [][]int{x, x}},
			opTest{op: op.Standardize{Epsilon: 1e-5}, in: [][]int{x}},
			opTest{op: op.StandardizeGrad{Epsilon: 1e-5}, in: [][]int{x, x}},
			opTest{op: op.ColumnSum{}, in: [][]int{x}},
		)
	}
	checkAll(t, all...)
}
