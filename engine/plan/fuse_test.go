package plan_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// randomRun runs a program on random inputs and parameters and returns its outputs.
func randomRun(t *testing.T, dev plan.Device, p *plan.Program) map[string][]float32 {
	t.Helper()
	exe, err := dev.Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	for _, v := range p.Values {
		data := randomValues(v)
		switch v.Kind {
		case plan.Input:
			err = exe.SetInput(v.Name, data)
		case plan.Param:
			err = exe.SetParam(v.Name, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := exe.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	outputs := make(map[string][]float32)
	for name, v := range p.Outputs {
		outputs[name] = make([]float32, v.Size())
		if err := exe.Output(name, outputs[name]); err != nil {
			t.Fatal(err)
		}
	}
	return outputs
}

// randomValues returns random numbers that depend on a value's name only: weights that keep
// activations bounded; positive scales, variances and probabilities.
func randomValues(v *plan.Value) []float32 {
	h := fnv.New64a()
	h.Write([]byte(v.Name))
	rng := rand.New(rand.NewPCG(h.Sum64(), 1))
	data := make([]float32, v.Size())
	for i := range data {
		switch {
		case len(v.Shape) > 1 && v.Kind == plan.Param && v.Shape[0] != 2:
			data[i] = float32(rng.NormFloat64() / math.Sqrt(float64(v.Size()/v.Shape[0])))
		default:
			data[i] = rng.Float32() + 0.1
		}
	}
	return data
}

func TestFusedProgramsComputeTheSame(t *testing.T) {
	for _, name := range []string{"resnet8-w4", "vgg11", "lenet5"} {
		net, err := nets.New(name, [3]int{3, 32, 32}, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, build := range []nets.Build{
			{Batch: 2, Mean: []float32{.4, .5, .6}, Std: []float32{.2, .3, .4}},
			{Batch: 2, InputGradient: true},
			{Batch: 2, BatchStatistics: true},
			{Batch: 2, BatchStatistics: true, Train: true},
			{Batch: 2, Train: true},
		} {
			if name == "vgg11" && (testing.Short() || build.BatchStatistics || build.Train) {
				continue // slow, and covered by the others
			}
			t.Run(fmt.Sprintf("%s %+v", name, build), func(t *testing.T) {
				p, err := plantest.Lowered(net.Graph(build))
				if err != nil {
					t.Fatal(err)
				}
				before := fmt.Sprint(len(p.Values), len(p.Instrs))
				fused := plan.Fuse(p)
				if err := fused.Check(); err != nil {
					t.Fatal(err)
				}
				if after := fmt.Sprint(len(p.Values), len(p.Instrs)); after != before {
					t.Errorf("Fuse modified its argument: %s, then %s", before, after)
				}
				if len(fused.Instrs) >= len(p.Instrs) {
					t.Errorf("%d instructions fused to %d", len(p.Instrs), len(fused.Instrs))
				}
				want, got := randomRun(t, plantest.Reference(), p), randomRun(t, plantest.Reference(), fused)
				for name := range want {
					plantest.Close(t, name, got[name], want[name], plantest.Tolerance)
				}
			})
		}
	}
}

// TestFusionOfResidualBlocks counts instructions of a fused ResNet.
func TestFusionOfResidualBlocks(t *testing.T) {
	net, err := nets.New("resnet8-w4", [3]int{3, 8, 8}, 5)
	if err != nil {
		t.Fatal(err)
	}
	count := func(build nets.Build) map[string]int {
		p, err := plantest.Lowered(net.Graph(build))
		if err != nil {
			t.Fatal(err)
		}
		kinds := make(map[string]int)
		for _, in := range plan.Fuse(p).Instrs {
			kinds[fmt.Sprintf("%T", in.Op)]++
		}
		return kinds
	}
	if got := count(nets.Build{Batch: 2}); len(got) != 3 || got["plan.FusedConv"] != 9 {
		t.Errorf("evaluation: %v, want 9 convolutions, pooling and a linear layer", got)
	}
	got := count(nets.Build{Batch: 2, BatchStatistics: true, Train: true})
	for kind, want := range map[string]int{
		"plan.FusedNorm": 7, "op.BatchNorm": 2, "op.Add": 0, "op.ReLU": 0,
		"op.ReLUGrad": 3, "plan.FusedNormReduce": 4, "plan.FusedNormInputGrad": 4,
		"plan.FusedConvInputGrad": 3,
	} {
		if got[kind] != want {
			t.Errorf("training has %d %s, want %d: %v", got[kind], kind, want, got)
		}
	}
}

// TestShuffle fuses ShuffleNet's channel shuffle into one permutation.
func TestShuffle(t *testing.T) {
	shapes := [][]int{{2, 12, 3, 1}, {2, 3, 4, 3, 1}, {2, 4, 3, 3, 1}, {2, 12, 3, 1}}
	p := &plan.Program{}
	for i, s := range shapes {
		p.Values = append(p.Values, &plan.Value{ID: i, Shape: s, Kind: plan.Temp, Name: fmt.Sprint("v", i)})
	}
	p.Values[0].Kind, p.Values[3].Keep, p.Outputs = plan.Input, true, map[string]*plan.Value{"v3": p.Values[3]}
	for i, o := range []op.Op{op.Reshape{Shape: shapes[1]}, op.Transpose{Perm: []int{0, 2, 1, 3, 4}}, op.Reshape{Shape: shapes[3]}} {
		p.Instrs = append(p.Instrs, &plan.Instr{Op: o, In: p.Values[i : i+1], Out: p.Values[i+1]})
	}
	fused := plan.Fuse(p)
	if len(fused.Instrs) != 1 {
		t.Fatalf("%d instructions", len(fused.Instrs))
	}
	want, got := randomRun(t, plantest.Reference(), p), randomRun(t, plantest.Reference(), fused)
	plantest.Close(t, "shuffled", got["v3"], want["v3"], 0)
}
