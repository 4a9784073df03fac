package graph

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestExpectations compares the expected means of a padded convolution of rectified Gaussian
// noise with sample means.
func TestExpectations(t *testing.T) {
	const channels, side, out = 3, 4, 2
	random := rand.New(rand.NewPCG(1, 2))
	tensors := map[string][]float32{}
	shapes := map[string][]int{"conv.weight": {out, channels, 3, 3}}
	fill := func(name string, n int, low, high float64) {
		for range n {
			tensors[name] = append(tensors[name], float32(low+(high-low)*random.Float64()))
		}
		if shapes[name] == nil {
			shapes[name] = []int{n}
		}
	}
	for _, norm := range []struct {
		name     string
		channels int
	}{{"bn1", channels}, {"bn2", out}} {
		fill(norm.name+".weight", norm.channels, 0.5, 1.5)
		fill(norm.name+".bias", norm.channels, -0.5, 0.5)
		fill(norm.name+".running_mean", norm.channels, -1, 1)
		fill(norm.name+".running_var", norm.channels, 0.5, 2)
	}
	fill("conv.weight", out*channels*9, -0.5, 1)
	norm := func(name string) []string {
		return []string{name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var"}
	}
	g := &Graph{Input: [3]int{channels, side, side}, Output: "d", Nodes: []Node{
		{Op: "batchnorm", In: append([]string{InputName}, norm("bn1")...), Out: "a", Epsilon: 1e-5},
		{Op: "relu", In: []string{"a"}, Out: "b"},
		{Op: "conv", In: []string{"b", "conv.weight"}, Out: "c", Stride: [2]int{2, 1}, Dilation: [2]int{1, 1}, Pad: [4]int{1, 1, 1, 1}, Groups: 1},
		{Op: "batchnorm", In: append([]string{"c"}, norm("bn2")...), Out: "d", Epsilon: 1e-5},
	}}
	found, err := g.Expectations(func(name string) ([]int, []float32) { return shapes[name], tensors[name] }, 1)
	if err != nil || len(found) != 1 || found[0].Norm != "bn2" {
		t.Fatalf("%v, %v", found, err)
	}
	for o := range out {
		sum, n := 0.0, 0
		for range 3000 {
			var x [channels][side][side]float64
			for c := range x {
				for i := range side * side {
					x[c][i/side][i%side] = max(0, float64(tensors["bn1.weight"][c])*random.NormFloat64()+float64(tensors["bn1.bias"][c]))
				}
			}
			for row := 0; row < side; row += 2 {
				for column := range side {
					n++
					for tap := range channels * 9 {
						c, r, s := tap/9, row+tap/3%3-1, column+tap%3-1
						if r >= 0 && r < side && s >= 0 && s < side {
							sum += float64(tensors["conv.weight"][o*channels*9+tap]) * x[c][r][s]
						}
					}
				}
			}
		}
		want := (sum/float64(n) - float64(tensors["bn2.running_mean"][o])) / math.Sqrt(float64(tensors["bn2.running_var"][o])+1e-5)
		if got := found[0].Deviation[o]; math.Abs(got-want) > 0.05 {
			t.Errorf("channel %d deviates by %.3f, want %.3f", o, got, want)
		}
	}
}

func TestMoments(t *testing.T) {
	for _, c := range []struct{ m, v float64 }{{0, 1}, {-1, 4}, {2, 0.25}, {3, 0}} {
		m, v := rectified(c.m, c.v)
		mm, vv := mapped(func(x float64) float64 { return max(x, 0) }, c.m, c.v)
		if math.Abs(m-mm) > 0.005 || math.Abs(v-vv) > 0.01 {
			t.Errorf("moments of max(x, 0) for mean %g and variance %g: %g and %g, numerically %g and %g", c.m, c.v, m, v, mm, vv)
		}
	}
}
