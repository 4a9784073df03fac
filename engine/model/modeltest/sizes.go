package modeltest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// Prepared compiles a net's program and sets all it takes to random values.
func Prepared(t testing.TB, d plan.Device, name string, input [3]int, build nets.Build) (*plan.Program, plan.Executable) {
	t.Helper()
	m, err := model.New(name, input, make([]string, 10), nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plantest.Lowered(m.Net.Graph(build))
	if err != nil {
		t.Fatal(err)
	}
	exe, err := d.Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	stats := model.RunningStatistics
	if build.BatchStatistics {
		stats = model.BatchStatistics
	}
	if err := m.SetParams(exe, stats); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, v := range p.Values {
		if v.Kind == plan.Input {
			data := make([]float32, v.Size())
			for i := range data {
				data[i] = rng.Float32()
				if v.Name == nets.DropoutMaskName {
					data[i] = float32(rng.IntN(2))
				}
			}
			if err := exe.SetInput(v.Name, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p, exe
}

// OutputsOf runs a program and gives all of its outputs.
func OutputsOf(t testing.TB, p *plan.Program, exe plan.Executable) map[string][]float32 {
	t.Helper()
	if err := exe.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]float32)
	for name, v := range p.Outputs {
		out[name] = make([]float32, v.Size())
		if err := exe.Output(name, out[name]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Builds are graphs that differ in what they compute.
var Builds = []nets.Build{
	{Batch: 1},
	{Batch: 5, InputGradient: true},
	{Batch: 3, BatchStatistics: true},
	{Batch: 3, BatchStatistics: true, Train: true},
	{Batch: 3, BatchStatistics: true, Train: true, InputGradient: true, FixedNorms: true, Dropout: 0.5},
}

// OddSizes compares networks of odd numbers of channels and pixels with the reference device, in
// float32.
func OddSizes(t *testing.T, dev plan.Device) {
	for _, c := range []struct {
		net  string
		size [3]int
	}{
		{"resnet8-w6", [3]int{1, 28, 28}}, {"resnet8-w6", [3]int{3, 19, 27}}, {"resnet8-w6-nobn", [3]int{3, 19, 27}},
		{"preact-resnet8-w6", [3]int{3, 20, 12}}, {"preact-resnet8-w17-nobn", [3]int{1, 28, 28}}, {"lenet5-bn", [3]int{1, 28, 28}},
	} {
		for _, build := range Builds {
			p, want := Prepared(t, plantest.Reference(), c.net, c.size, build)
			_, got := Prepared(t, dev, c.net, c.size, build)
			expected := OutputsOf(t, p, want)
			for name, values := range OutputsOf(t, p, got) {
				plantest.Close(t, fmt.Sprint(c, build, " ", name), values, expected[name], plantest.Tolerance)
			}
			want.Close()
			got.Close()
		}
	}
}
