package graph

import (
	"slices"
	"testing"
)

// TestLayers compares shapes and multiply-adds with ones counted by hand.
func TestLayers(t *testing.T) {
	one := [2]int{1, 1}
	g := &Graph{Input: [3]int{3, 8, 8}, Output: "3", Nodes: []Node{
		{Op: "conv", In: []string{"input", "a.weight", "a.bias"}, Out: "0", Stride: [2]int{2, 2}, Dilation: one, Pad: [4]int{1, 1, 1, 1}, Groups: 1},
		{Op: "conv", In: []string{"0", "b.weight"}, Out: "1", Stride: one, Dilation: one, Pad: [4]int{1, 1, 1, 1}, Groups: 4},
		{Op: "globalavgpool", In: []string{"1"}, Out: "2"},
		{Op: "linear", In: []string{"2", "c.weight", "c.bias"}, Out: "3"},
	}}
	layers, err := g.Layers(map[string][]int{"a.weight": {4, 3, 3, 3}, "a.bias": {4}, "b.weight": {4, 1, 3, 3}, "c.weight": {10, 4}, "c.bias": {10}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Layer{
		{nil, []int{4, 4, 4}, 4 * 16 * 27}, {nil, []int{4, 4, 4}, 4 * 16 * 9}, {nil, []int{4}, 0}, {nil, []int{10}, 40},
	} {
		if got := layers[i]; !slices.Equal(got.Shape, want.Shape) || got.MultiplyAdds != want.MultiplyAdds {
			t.Errorf("layer %d is %+v, not %+v", i, got, want)
		}
	}
}
