package gpu

import (
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// convShapes are convolutions with what has its own path in kernels or lowering.
var convShapes = []struct {
	name     string
	x, w     []int
	stride   [2]int
	dilation [2]int
	pad      [4]int
	groups   int
}{
	{"plain", []int{2, 16, 8, 8}, []int{16, 16, 3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 1},
	{"few channels", []int{3, 3, 7, 9}, []int{20, 3, 3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 1},
	{"stride 2", []int{1, 16, 15, 16}, []int{24, 16, 3, 3}, [2]int{2, 2}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 1},
	{"shortcut", []int{2, 9, 8, 8}, []int{40, 9, 1, 1}, [2]int{2, 2}, [2]int{1, 1}, [4]int{}, 1},
	{"stem", []int{1, 3, 17, 15}, []int{16, 3, 7, 7}, [2]int{2, 2}, [2]int{1, 1}, [4]int{3, 3, 3, 3}, 1},
	{"lopsided", []int{1, 8, 9, 11}, []int{8, 8, 2, 5}, [2]int{3, 2}, [2]int{1, 1}, [4]int{0, 2, 1, 3}, 1},
	{"dilated", []int{1, 8, 12, 11}, []int{9, 8, 3, 3}, [2]int{1, 1}, [2]int{2, 3}, [4]int{2, 3, 2, 3}, 1},
	{"dilated with stride", []int{1, 8, 13, 14}, []int{8, 8, 3, 2}, [2]int{2, 4}, [2]int{4, 2}, [4]int{3, 1, 5, 2}, 1},
	{"groups", []int{2, 32, 6, 5}, []int{48, 8, 3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 4},
	{"small groups", []int{2, 32, 5, 6}, []int{64, 4, 3, 3}, [2]int{2, 2}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 8},
	{"odd groups", []int{1, 9, 6, 6}, []int{15, 3, 3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 3},
	{"depthwise", []int{2, 20, 7, 6}, []int{20, 1, 3, 3}, [2]int{2, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 20},
	{"depthwise dilated", []int{1, 40, 9, 9}, []int{40, 1, 5, 3}, [2]int{2, 2}, [2]int{1, 2}, [4]int{2, 2, 2, 2}, 40},
	{"multiplied depthwise", []int{1, 6, 6, 6}, []int{12, 1, 3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 6},
	{"many pixels", []int{2, 8, 32, 32}, []int{8, 8, 3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{1, 1, 1, 1}, 1},
}

func TestConv(t *testing.T) {
	everyDevice(t, func(t *testing.T, d *Device) {
		for _, s := range convShapes {
			t.Run(s.name, func(t *testing.T) {
				conv := op.GeneralConv{Window: op.Window{Stride: s.stride, Dilation: s.dilation, Pad: s.pad}, Groups: s.groups}
				y, err := conv.Infer([][]int{s.x, s.w})
				if err != nil {
					t.Fatal(err)
				}
				opTest{op: conv, in: [][]int{s.x, s.w}}.check(t, d)
				opTest{op: op.GeneralConvInputGrad{Conv: conv, Shape: [4]int(s.x)}, in: [][]int{s.w, y}}.check(t, d)
				opTest{op: op.GeneralConvWeightGrad{Conv: conv, Shape: [4]int(s.w)}, in: [][]int{s.x, y}}.check(t, d)
			})
		}
	})
}

func TestFusedConv(t *testing.T) {
	general := op.Conv{Stride: 2, Pad: 1}.General()
	x, w, y, vector, stats := []int{2, 11, 7, 6}, []int{12, 11, 3, 3}, []int{2, 12, 4, 3}, []int{12}, []int{2, 12}
	slim := []int{12, 1, 3, 3}
	wide := []int{2, 12, 7, 6}
	deep := general
	deep.Groups = 12
	grad := op.GeneralConvInputGrad{Conv: general, Shape: [4]int(x)}
	for _, params := range []bool{false, true} {
		checkAll(t,
			opTest{op: plan.FusedConv{Conv: general, Bias: true, Rectify: true}, in: [][]int{x, w, vector}, params: params},
			opTest{op: plan.FusedConv{Conv: general, Bias: true, Norm: true, Epsilon: 1e-3, Residual: true, Rectify: true}, in: [][]int{x, w, vector, stats, vector, vector, y}, params: params, draw: positive},
			opTest{op: plan.FusedConv{Conv: general, Norm: true, Epsilon: 1e-3, Map: op.Map{Func: "sigmoid"}}, in: [][]int{x, w, stats, vector, vector}, params: params, draw: positive},
			opTest{op: plan.FusedConv{Conv: general, Map: op.Map{Func: "tanh"}}, in: [][]int{x, w}, params: params},
			opTest{op: plan.FusedConv{Conv: deep, Bias: true, Norm: true, Epsilon: 1e-3, Map: op.Map{Func: "clip", A: -0.5, B: 0.5}}, in: [][]int{wide, slim, vector, stats, vector, vector}, params: params, draw: positive},
			opTest{op: plan.FusedConvInputGrad{Grad: grad, Norm: true, Epsilon: 1e-3, Residual: true}, in: [][]int{w, y, stats, vector, x}, params: params, draw: positive},
			opTest{op: plan.FusedConvInputGrad{Grad: grad, Residual: true}, in: [][]int{w, y, x}, params: params},
		)
	}
}

func TestLinear(t *testing.T) {
	for _, s := range [][3]int{{1, 5, 3}, {130, 37, 19}, {3, 300, 10}} {
		n, i, o := s[0], s[1], s[2]
		checkAll(t,
			opTest{op: op.Linear{}, in: [][]int{{n, i}, {o, i}, {o}}},
			opTest{op: plan.FusedLinear{}, in: [][]int{{n, i}, {o, i}, {o}}},
			opTest{op: op.LinearInputGrad{}, in: [][]int{{o, i}, {n, o}}},
			opTest{op: op.LinearWeightGrad{}, in: [][]int{{n, i}, {n, o}}},
		)
	}
}

// TestSplits: ranges of a sum cover it, and none is empty.
func TestSplits(t *testing.T) {
	for n := 1; n < 5000; n += 7 {
		for _, groups := range []int{1, 3, 100, 1000} {
			const slice = 16
			splits := splitsOf(n, slice, groups)
			slices := (n + slice - 1) / slice
			each := (slices + splits - 1) / splits
			if splits < 1 || (splits-1)*each >= slices {
				t.Fatalf("%d products of %d groups in %d ranges of %d slices", n, groups, splits, each)
			}
		}
	}
}
