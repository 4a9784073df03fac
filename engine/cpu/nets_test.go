package cpu

import (
	"context"
	"slices"
	"testing"

	"hfcui/engine/model/modeltest"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

func TestNetsOfOddSizes(t *testing.T) { devices(t, modeltest.OddSizes) }

// Results are the same, bit for bit, from run to run and for any number of threads.
func TestDeterminism(t *testing.T) {
	for _, dtype := range dtypes {
		for _, build := range modeltest.Builds {
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
		p, exe := modeltest.Prepared(t, d, "resnet8", small(dtype), build)
		for range 2 {
			got := modeltest.OutputsOf(t, p, exe)
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
			p, exe := modeltest.Prepared(t, d, name, [3]int{3, 32, 32}, build)
			steps[i], results[i] = len(exe.(*executable).steps), modeltest.OutputsOf(t, p, exe)
			results[i] = modeltest.OutputsOf(t, p, exe)
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
		for _, build := range modeltest.Builds {
			for _, name := range []string{"resnet8", "lenet5"} {
				_, exe := modeltest.Prepared(t, d, name, small(dtype), build)
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
