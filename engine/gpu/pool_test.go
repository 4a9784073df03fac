package gpu

import (
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
)

// ties draws equal numbers often, so that it matters which of several maxima counts.
func ties(rng *rand.Rand, _ int) float64 { return float64(rng.IntN(3)) }

// after is the shape of an operation's result.
func after(t *testing.T, o op.Op, x []int) []int {
	t.Helper()
	y, err := op.Check(o, [][]int{x})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestPooling(t *testing.T) {
	var all []opTest
	x := []int{2, 11, 8, 7}
	for _, o := range []op.MaxPool{{Size: 2, Stride: 2}, {Size: 3, Stride: 2, Pad: 1}, {Size: 3, Stride: 1, Pad: 1}, {Size: 5, Stride: 3, Pad: 2}} {
		y := after(t, o, x)
		all = append(all,
			opTest{op: o, in: [][]int{x}},
			opTest{op: op.MaxPoolGrad(o), in: [][]int{x, y}},
			opTest{op: op.MaxPoolGrad(o), in: [][]int{x, y}, draw: ties},
			opTest{op: op.AvgPool(o), in: [][]int{x}},
			opTest{op: op.AvgPoolGrad{Size: o.Size, Stride: o.Stride, Pad: o.Pad, Shape: [4]int(x)}, in: [][]int{y}},
		)
	}
	for _, x := range [][]int{{3, 5, 7, 4}, {2, 300, 1, 2}, {1, 64, 8, 8}} {
		all = append(all,
			opTest{op: op.GlobalAvgPool{}, in: [][]int{x}},
			opTest{op: op.GlobalAvgPoolGrad{Shape: [4]int(x)}, in: [][]int{x[:2]}})
	}
	checkAll(t, all...)
}

// Windows of any stride, dilation and padding, with padding that counts in means in part.
func TestGeneralPooling(t *testing.T) {
	var all []opTest
	x := []int{2, 5, 9, 10}
	for i, o := range []op.GeneralAvgPool{
		{Window: op.Window{Stride: [2]int{1, 2}, Dilation: [2]int{1, 1}, Pad: [4]int{0, 1, 2, 3}}, Size: [2]int{3, 4}},
		{Window: op.Window{Stride: [2]int{2, 1}, Dilation: [2]int{2, 3}, Pad: [4]int{1, 2, 1, 0}}, Size: [2]int{2, 2}, Counted: [4]int{1, 0, 0, 0}},
		{Window: op.Window{Stride: [2]int{3, 3}, Dilation: [2]int{1, 1}, Pad: [4]int{3, 3, 3, 3}}, Size: [2]int{2, 2}, Counted: [4]int{3, 3, 3, 3}},
	} {
		y := after(t, o, x)
		largest := op.GeneralMaxPool{Window: o.Window, Size: o.Size}
		if i < 2 { // the last has windows of padding alone, whose maximum is −∞
			all = append(all, opTest{op: largest, in: [][]int{x}})
		}
		all = append(all,
			opTest{op: op.GeneralMaxPoolGrad(largest), in: [][]int{x, y}, draw: ties},
			opTest{op: o, in: [][]int{x}},
			opTest{op: op.GeneralAvgPoolGrad{Pool: o, Shape: [4]int(x)}, in: [][]int{y}},
		)
	}
	checkAll(t, all...)
}
