package uitest

import (
	"context"
	"fmt"
	"time"

	"hfcui/engine/evolution"
)

// FakeEvolution shows kernels, and answers that become right by the third checkpoint.
type FakeEvolution struct {
	Asked []evolution.Request
	Known []evolution.Checkpoint
	Fault error
	Data  bool
	Took  time.Duration
}

func (f *FakeEvolution) View(_ context.Context, q evolution.Request) (*evolution.View, error) {
	f.Asked = append(f.Asked, q)
	f.Known = append(f.Known, q.Checkpoints...)
	v := &evolution.View{Fault: f.Fault, Took: f.Took}
	if f.Data {
		v.Images = 5
	}
	if f.Fault != nil {
		return v, nil
	}
	for i, c := range f.Known {
		p := evolution.Point{At: c.At, Roughness: 1 / float64(i+1)}
		if f.Data {
			p.Probabilities = []float64{0.2 * float64(i), 1 - 0.2*float64(i)}
			v.Image = &evolution.Image{Title: fmt.Sprint("test \x1b", q.Index), Classes: []string{"cat", "do\x1bg"}}
		}
		p.Layer, p.Shape, p.Kernels = "conv1.weight", [4]int{2, 3, 3, 3}, make([]float32, 54)
		v.Points = append(v.Points, p)
	}
	return v, nil
}
