package gpu

import (
	"testing"

	"hfcui/engine/op"
)

func TestStrided(t *testing.T) {
	image := [][]int{{2, 11, 3, 5}}
	whole := [][]int{{2, 16, 3, 4}}
	cube := [][]int{{3, 4, 5}}
	checkAll(t,
		opTest{op: op.Reshape{Shape: []int{2, 11, 15}}, in: image},
		opTest{op: op.Reshape{Shape: []int{2, 11, 1, 15}}, in: image},
		opTest{op: op.Reshape{Shape: []int{5, 11, 2, 3}}, in: image}, // no common factors
		opTest{op: op.Reshape{Shape: []int{2, 2, 8, 3, 4}}, in: whole},
		opTest{op: op.Reshape{Shape: []int{2, 6, 2, 5}}, in: [][]int{{2, 2, 3, 2, 5}}}, // channels of two axes
		opTest{op: op.Reshape{Shape: []int{6, 1, 1, 10}}, in: cube},
		opTest{op: op.Reshape{Shape: []int{60}}, in: cube},
		opTest{op: op.Reshape{Shape: []int{1}}, in: [][]int{{}}},
		opTest{op: op.Flatten{}, in: image},
		opTest{op: op.Unflatten{Shape: [4]int{2, 11, 3, 5}}, in: [][]int{{2, 165}}},
		opTest{op: op.Broadcast{Shape: []int{2, 11, 3, 5}}, in: [][]int{{2, 11, 1, 1}}},
		opTest{op: op.Broadcast{Shape: []int{2, 11, 3, 5}}, in: [][]int{{1, 1, 3, 5}}},
		opTest{op: op.Broadcast{Shape: []int{3, 4, 5}}, in: [][]int{{3, 1, 5}}},
		opTest{op: op.Transpose{Perm: []int{0, 2, 3, 1}}, in: image},
		opTest{op: op.Transpose{Perm: []int{3, 2, 1, 0}}, in: image},
		opTest{op: op.Transpose{Perm: []int{0, 2, 1, 3, 4}}, in: [][]int{{2, 3, 4, 2, 5}}},
		opTest{op: op.Transpose{Perm: []int{7, 1, 2, 5, 4, 3, 6, 0}}, in: [][]int{{2, 3, 2, 2, 1, 3, 2, 4}}},
		opTest{op: op.Slice{Axis: 1, Start: 3, Count: 5}, in: image},
		opTest{op: op.Slice{Axis: 1, Start: 8, Count: 3}, in: image},
		opTest{op: op.Slice{Axis: 1, Start: 8, Count: 8}, in: whole},
		opTest{op: op.Slice{Axis: 2, Start: 1, Count: 2}, in: image},
		opTest{op: op.Slice{Axis: 0, Start: 1, Count: 1}, in: cube},
		opTest{op: op.Pad{Axis: 1, Before: 2, After: 3, Value: 1.5}, in: image},
		opTest{op: op.Pad{Axis: 3, Before: 2, After: 3, Value: -1}, in: image},
		opTest{op: op.Pad{Axis: 2, After: 1}, in: image},
		opTest{op: op.Pad{Axis: 0, Before: 1}, in: cube},
		opTest{op: op.PadChannels{Before: 8, After: 8}, in: whole},
		opTest{op: op.PadChannels{Before: 3}, in: image},
		opTest{op: op.CutChannels{Before: 3, After: 2}, in: image},
		opTest{op: op.Row{Index: 2}, in: [][]int{{3, 7}}},
		opTest{op: op.Concat{Axis: 1, Parts: 3}, in: [][]int{{2, 11, 3, 5}, {2, 8, 3, 5}, {2, 1, 3, 5}}},
		opTest{op: op.Concat{Axis: 1, Parts: 2}, in: [][]int{{2, 8, 3, 5}, {2, 19, 3, 5}}},
		opTest{op: op.Concat{Axis: 2, Parts: 2}, in: [][]int{{2, 3, 3, 5}, {2, 3, 1, 5}}},
		opTest{op: op.Concat{Axis: 0, Parts: 2}, in: [][]int{{3, 7}, {2, 7}}},
	)
}

func TestCombinations(t *testing.T) {
	image := [][]int{{2, 11, 3, 5}}
	blend := op.Blend{Axis: 3, Low: []int{0, 1, 1, 4}, High: []int{1, 2, 1, 4}, Weight: []float32{0.25, 0.5, 0, 0.125}}
	checkAll(t,
		opTest{op: op.Gather{Axis: 1, Index: []int{4, 4, 0, 10, 3, 1, 1, 1, 2}}, in: image},
		opTest{op: op.Gather{Axis: 2, Index: []int{2, 0}}, in: image},
		opTest{op: op.Gather{Axis: 0, Index: []int{1, 1, 0}}, in: [][]int{{2, 3, 4}}},
		opTest{op: op.GatherGrad{Axis: 1, Length: 13, Index: []int{4, 4, 0, 10, 3, 1, 1, 1, 2, 11, 12}}, in: image},
		opTest{op: op.GatherGrad{Axis: 3, Length: 3, Index: []int{2, 2, 0, 2, 0}}, in: image},
		opTest{op: blend, in: image},
		opTest{op: op.BlendGrad{Blend: blend, Length: 5}, in: [][]int{{2, 11, 3, 4}}},
	)
}

func TestBroadcastAndSums(t *testing.T) {
	image := []int{2, 11, 3, 5}
	var tests []opTest
	for _, f := range []string{"add", "sub", "mul", "div"} {
		for _, small := range [][]int{{2, 11, 1, 1}, {1, 11, 1, 1}, {1, 1, 3, 5}, {2, 1, 1, 5}, {1, 1, 1, 1}} {
			tests = append(tests, opTest{op: op.Binary{Func: f}, in: [][]int{image, small}, draw: positive})
			tests = append(tests, opTest{op: op.Binary{Func: f}, in: [][]int{small, image}, draw: positive})
			tests = append(tests, opTest{op: op.SumTo{Shape: small}, in: [][]int{image}})
		}
		tests = append(tests, opTest{op: op.Binary{Func: f}, in: [][]int{{4, 1, 3}, {1, 5, 3}}, draw: positive})
		tests = append(tests, opTest{op: op.Binary{Func: f}, in: [][]int{image, image}, draw: positive})
		tests = append(tests, opTest{op: op.Binary{Func: f}, in: [][]int{{}, {}}, draw: positive})
	}
	tests = append(tests,
		opTest{op: op.SumTo{Shape: []int{1, 64, 1, 1}}, in: [][]int{{3, 64, 21, 20}}},
		opTest{op: op.SumTo{Shape: []int{3, 1, 1, 1}}, in: [][]int{{3, 64, 21, 20}}, draw: positive},
		opTest{op: op.SumTo{Shape: []int{1, 3}}, in: [][]int{{40000, 3}}, draw: positive},
		opTest{op: op.SumTo{Shape: []int{1}}, in: [][]int{{7}}},
	)
	checkAll(t, tests...)
}
