package model

import (
	"slices"
	"testing"

	"hfcui/engine/nets"
)

// TestLayers: the layers cover all parameters, and repeated blocks are grouped at module
// boundaries.
func TestLayers(t *testing.T) {
	m, err := New("resnet20", [3]int{3, 32, 32}, make([]string, 10), nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := m.Layers()
	if err != nil {
		t.Fatal(err)
	}
	params, work := 0, 0
	for _, l := range layers {
		params, work = params+l.Params, work+l.MultiplyAdds
	}
	if params != m.Params() || work != 40_813_184 {
		t.Errorf("%d of %d parameters and %d multiply-adds", params, m.Params(), work)
	}
	groups := GroupLayers(layers)
	var times []int
	for _, g := range groups {
		times = append(times, g.Times)
	}
	if !slices.Equal(times, []int{1, 3, 1, 2, 1, 2, 1}) {
		t.Errorf("groups of %v", times)
	}
	block := groups[1].Layers
	if len(block) != 2 || block[0].Name != "layer1.0.conv1" || block[1].Op != "conv 3×3 + batchnorm + add + relu" {
		t.Errorf("the first block is %+v", block)
	}
}

// TestGroupLayersAligned: of equivalent groupings, the one that starts with a module is chosen.
func TestGroupLayersAligned(t *testing.T) {
	var layers []Layer
	for _, name := range []string{"a.short", "b.0.x", "b.0.y", "b.1.x", "b.1.y"} {
		l := Layer{Name: name, Op: name[len(name)-1:], Shape: []int{4}, MultiplyAdds: 1}
		if name == "a.short" {
			l.Op = "y"
		}
		layers = append(layers, l)
	}
	groups := GroupLayers(layers)
	if len(groups) != 2 || groups[1].Times != 2 || groups[1].Layers[0].Name != "b.0.x" {
		t.Errorf("%+v", groups)
	}
}
