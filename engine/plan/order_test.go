package plan_test

import (
	"testing"

	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// trainingProgram returns a net's fused training program, with input normalization.
func trainingProgram(t *testing.T, name string) *plan.Program {
	t.Helper()
	net, err := nets.New(name, [3]int{3, 8, 8}, 4)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plantest.Lowered(net.Graph(nets.Build{
		Batch: 2, BatchStatistics: true, Train: true, Mean: []float32{0.1, 0.2, 0.3}, Std: []float32{0.5, 0.4, 0.3},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return plan.Fuse(p)
}

// TestGather: programs stay valid and compute the same, and what devices merge is together.
func TestGather(t *testing.T) {
	for name, want := range map[string]map[plan.Merge]int{
		"resnet8":           {plan.ConvStats: 9, plan.GradSums: 4, plan.GradMaskSums: 2, plan.MaskSums: 1},
		"preact-resnet8-w4": {plan.ConvStats: 7, plan.GradSums: 6},
		"resnet8-nobn":      {},
	} {
		p, gathered := trainingProgram(t, name), trainingProgram(t, name)
		plan.Gather(gathered)
		if err := gathered.Check(); err != nil || len(gathered.Instrs) != len(p.Instrs) {
			t.Fatalf("%s: %d instructions of %d: %v", name, len(gathered.Instrs), len(p.Instrs), err)
		}
		got := make(map[plan.Merge]int)
		for i := 0; i < len(gathered.Instrs); {
			m := plan.FindMerge(gathered.Instrs[i:])
			got[m]++
			i += m.Len()
		}
		delete(got, plan.NoMerge)
		for m := plan.ConvStats; m <= plan.MaskSums; m++ {
			if got[m] != want[m] {
				t.Errorf("%s: merge %d: %d times, want %d", name, m, got[m], want[m])
			}
		}
		values, same := randomRun(t, plantest.Reference(), p), randomRun(t, plantest.Reference(), gathered)
		for name := range values {
			plantest.Close(t, name, same[name], values[name], 0)
		}
	}
}

// TestNormalizeInputs: an input that only its normalization reads takes its place.
func TestNormalizeInputs(t *testing.T) {
	p := trainingProgram(t, "resnet8")
	count := len(p.Instrs)
	removed := plan.NormalizeInputs(p)
	if o, ok := removed[nets.InputName]; len(removed) != 1 || !ok || o.Mean[1] != 0.2 || o.Std[2] != 0.3 {
		t.Errorf("removed %v", removed)
	}
	if err := p.Check(); err != nil || len(p.Instrs) != count-1 {
		t.Errorf("%d instructions of %d: %v", len(p.Instrs), count, err)
	}
	for _, in := range p.Instrs {
		if _, ok := in.Op.(op.InputNormalize); ok {
			t.Error("the normalization is still there")
		}
	}
	if len(plan.NormalizeInputs(p)) != 0 {
		t.Error("a second time there is something to remove")
	}
}
