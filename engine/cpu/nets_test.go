package cpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// prepared compiles a net's program and sets all it takes to random values.
func prepared(t testing.TB, d plan.Device, name string, input [3]int, build nets.Build) (*plan.Program, plan.Executable) {
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

// outputsOf runs a program and gives all of its outputs.
func outputsOf(t testing.TB, p *plan.Program, exe plan.Executable) map[string][]float32 {
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

var builds = []nets.Build{
	{Batch: 1},
	{Batch: 5, InputGradient: true},
	{Batch: 3, BatchStatistics: true},
	{Batch: 3, BatchStatistics: true, Train: true},
	{Batch: 3, BatchStatistics: true, Train: true, InputGradient: true, FixedNorms: true, Dropout: 0.5},
}

func TestNetsOfOddSizes(t *testing.T) {
	cases := []struct {
		net  string
		size [3]int
	}{
		{"resnet8-w6", [3]int{1, 28, 28}}, {"resnet8-w6", [3]int{3, 19, 27}}, {"resnet8-w6-nobn", [3]int{3, 19, 27}},
		{"preact-resnet8-w6", [3]int{3, 20, 12}}, {"preact-resnet8-w17-nobn", [3]int{1, 28, 28}}, {"lenet5-bn", [3]int{1, 28, 28}},
	}
	devices(t, func(t *testing.T, d plan.Device) {
		for _, c := range cases {
			for _, build := range builds {
				p, want := prepared(t, plantest.Reference(), c.net, c.size, build)
				_, got := prepared(t, d, c.net, c.size, build)
				expected := outputsOf(t, p, want)
				for name, values := range outputsOf(t, p, got) {
					plantest.Close(t, fmt.Sprint(c, build, " ", name), values, expected[name], plantest.Tolerance)
				}
				want.Close()
				got.Close()
			}
		}
	})
}

// Results are the same, bit for bit, from run to run and for any number of threads.
func TestDeterminism(t *testing.T) {
	for _, dtype := range dtypes {
		for _, build := range builds {
			determined(t, dtype, build)
		}
	}
}

var dtypes = []plan.DType{plan.Float32, plan.BFloat16}

// small is an input for both, less where kernels may be portable ones.
func small(dtype plan.DType) [3]int {
	if dtype == plan.BFloat16 {
		return [3]int{3, 16, 16}
	}
	return [3]int{3, 32, 32}
}

func determined(t *testing.T, dtype plan.DType, build nets.Build) {
	t.Helper()
	var first map[string][]float32
	for _, threads := range []int{1, 2, 5} {
		d, err := New(Options{Threads: threads, DType: dtype})
		if err != nil {
			t.Fatal(err)
		}
		p, exe := prepared(t, d, "resnet8", small(dtype), build)
		for range 2 {
			got := outputsOf(t, p, exe)
			if first == nil {
				first = got
			}
			for name := range first {
				if !slices.Equal(got[name], first[name]) {
					t.Errorf("%v, %+v, %d threads: %s differs", dtype, build, threads, name)
				}
			}
		}
		exe.Close()
	}
}

// What is computed a second time instead of being kept is what it was the first time.
func TestRecomputing(t *testing.T) {
	build := nets.Build{Batch: 3, BatchStatistics: true, Train: true}
	for _, name := range []string{"resnet8", "vgg11"} {
		var results [2]map[string][]float32
		var steps [2]int
		for i, roomy := range []int{roomy, 0} {
			d, err := New(Options{Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			d.roomy = roomy
			p, exe := prepared(t, d, name, [3]int{3, 32, 32}, build)
			steps[i], results[i] = len(exe.(*executable).steps), outputsOf(t, p, exe)
			results[i] = outputsOf(t, p, exe)
			exe.Close()
		}
		if name == "resnet8" && steps[0] == steps[1] {
			t.Errorf("%s: nothing is computed again", name)
		}
		for output := range results[0] {
			if !slices.Equal(results[0][output], results[1][output]) {
				t.Errorf("%s: %s differs", name, output)
			}
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, dtype := range dtypes {
		d, err := New(Options{Threads: 2, DType: dtype})
		if err != nil {
			t.Fatal(err)
		}
		for _, build := range builds {
			for _, name := range []string{"resnet8", "lenet5"} {
				_, exe := prepared(t, d, name, small(dtype), build)
				ctx := context.Background()
				if n := testing.AllocsPerRun(2, func() { exe.Run(ctx) }); n > 0 {
					t.Errorf("%v, %s, %+v: %v allocations in a run", dtype, name, build, n)
				}
				exe.Close()
			}
		}
	}
}

// What a program keeps in memory, without parameters, for 128 images.
func TestMemory(t *testing.T) {
	train := nets.Build{Batch: 128, BatchStatistics: true, Train: true}
	for _, c := range []struct {
		net   string
		build nets.Build
		dtype plan.DType
		most  int // MB
	}{
		{"resnet20", nets.Build{Batch: 128}, plan.Float32, 25},
		{"resnet18", nets.Build{Batch: 128}, plan.Float32, 90},
		{"resnet20", train, plan.Float32, 240},
		{"resnet18", train, plan.Float32, 570},
		{"resnet20", train, plan.BFloat16, 120},
		{"resnet18", train, plan.BFloat16, 390},
	} {
		d, err := New(Options{DType: c.dtype})
		if err != nil {
			t.Fatal(err)
		}
		net, err := nets.ByName(c.net)
		if err != nil {
			t.Fatal(err)
		}
		p, err := plantest.Lowered(net.Graph(c.build))
		if err != nil {
			t.Fatal(err)
		}
		compiler := newCompiler(d, plan.Fuse(p))
		if err := compiler.layouts(); err != nil {
			t.Fatal(err)
		}
		if err := compiler.economize(); err != nil {
			t.Fatal(err)
		}
		_, total := compiler.arena()
		mb := total * 4 / 1e6
		t.Logf("%s %v %+v: %d MB", c.net, c.dtype, c.build, mb)
		if mb > c.most {
			t.Errorf("%s %v %+v: %d MB, more than %d", c.net, c.dtype, c.build, mb, c.most)
		}
	}
}
