package plan_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// small returns a resnet with every kind of layer, and options with every output.
func small(t testing.TB) (*nets.Net, nets.Build) {
	t.Helper()
	n, err := nets.New("resnet8-w4", [3]int{3, 12, 10}, 5)
	if err != nil {
		t.Fatal(err)
	}
	return n, nets.Build{
		Batch: 3, Mean: []float32{0.5, 0.4, 0.3}, Std: []float32{0.2, 0.3, 0.4},
		BatchStatistics: true, Train: true, InputGradient: true,
	}
}

// values returns data for every leaf of p that depends on its name only.
func values(p *plan.Program) map[*plan.Value][]float32 {
	m := make(map[*plan.Value][]float32)
	for _, v := range p.Values {
		if v.Kind == plan.Input || v.Kind == plan.Param {
			m[v] = make([]float32, v.Size())
			for i := range m[v] {
				m[v][i] = float32((i*7919+len(v.Name)*31)%101)/100 - 0.45
			}
		}
	}
	return m
}

// TestTapeMachine runs a training graph on Gorgonia's own machine and as a program. Both
// use the operations' Do, so results are bitwise equal except for sums of gradients.
func TestTapeMachine(t *testing.T) {
	n, build := small(t)
	tapeMachine(t, n, build)
	build.Dropout, build.FixedNorms = 0.5, true
	for _, name := range []string{"preact-resnet8-w4", "preact-resnet8-w5-nobn", "resnet8-w4-nobn", "lenet5-bn"} {
		n, err := nets.New(name, [3]int{3, 16, 16}, 3)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { tapeMachine(t, n, build) })
	}
}

func tapeMachine(t *testing.T, n *nets.Net, build nets.Build) {
	t.Helper()
	g, outputs, err := n.Graph(build)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Lower(g, outputs)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := plantest.Reference().Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	leaves := values(p)
	byName := make(map[string]*gorgonia.Node)
	for _, node := range g.AllNodes() {
		byName[node.Name()] = node
	}
	for v, data := range leaves {
		set, name := exe.SetParam, v.Name
		if v.Kind == plan.Input {
			set, name = exe.SetInput, "input "+v.Name
		}
		if err := set(v.Name, data); err != nil {
			t.Fatal(err)
		}
		value := tensor.New(tensor.WithShape(v.Shape...), tensor.WithBacking(data))
		if err := gorgonia.Let(byName[name], value); err != nil {
			t.Fatal(err)
		}
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second run must not depend on the first
		if err := exe.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for name, node := range outputs {
		got := make([]float32, p.Outputs[name].Size())
		if err := exe.Output(name, got); err != nil {
			t.Fatal(err)
		}
		want, ok := node.Value().Data().([]float32)
		if !ok {
			want = []float32{node.Value().Data().(float32)}
		}
		plantest.Close(t, name, got, want, 1e-7)
	}
}

// TestDeterministic: equal graphs give equal programs, and building several at once neither
// races nor changes them.
func TestDeterministic(t *testing.T) {
	n, build := small(t)
	programs := make([]string, 8)
	var wg sync.WaitGroup
	for i := range programs {
		wg.Go(func() {
			p, err := plantest.Lowered(n.Graph(build))
			if err != nil {
				t.Error(err)
				return
			}
			programs[i] = listing(p)
		})
	}
	wg.Wait()
	for _, p := range programs {
		if p != programs[0] {
			t.Fatalf("programs differ:\n%s\n%s", programs[0], p)
		}
	}
}

func listing(p *plan.Program) string {
	var b strings.Builder
	for _, in := range p.Instrs {
		fmt.Fprintln(&b, in.Out, "=", op.Name(in.Op), in.In)
	}
	return b.String()
}

// TestDead: instructions that no output depends on are removed.
func TestDead(t *testing.T) {
	n, build := small(t)
	p, err := plantest.Lowered(n.Graph(build))
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[*plan.Value]bool)
	for _, v := range p.Outputs {
		used[v] = true
	}
	for _, in := range p.Instrs {
		for _, v := range in.In {
			used[v] = true
		}
	}
	for _, v := range p.Values {
		if !used[v] {
			t.Errorf("%v is unused", v)
		}
	}
	build.InputGradient = false
	q, err := plantest.Lowered(n.Graph(build))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Instrs)-len(q.Instrs) != 2 { // ConvInputGrad of conv1, InputNormalizeGrad
		t.Errorf("%d instructions with the gradient of the input, %d without", len(p.Instrs), len(q.Instrs))
	}
}

// TestForeign: Gorgonia's own operations are errors that name them.
func TestForeign(t *testing.T) {
	g := gorgonia.NewGraph()
	x, err := op.Input(g, "x", 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	_, err = plan.Lower(g, map[string]*gorgonia.Node{"y": gorgonia.Must(gorgonia.Tanh(x))})
	if err == nil || !strings.Contains(err.Error(), "tanh") {
		t.Errorf("error %v does not name the operation", err)
	}
	sum := gorgonia.Must(gorgonia.Add(x, gorgonia.Must(op.Apply(op.ReLU{}, x))))
	p, err := plan.Lower(g, map[string]*gorgonia.Node{"y": sum})
	if err != nil {
		t.Fatal(err)
	}
	if last := p.Instrs[len(p.Instrs)-1].Op; last != (op.Add{}) {
		t.Errorf("Gorgonia's addition became %v", last)
	}
}

func TestContract(t *testing.T) { plantest.Contract(t, plantest.Reference()) }

// TestArena: values that live at the same time do not overlap, and total memory is less than the
// sum of all values.
func TestArena(t *testing.T) {
	n, build := small(t)
	p, err := plantest.Lowered(n.Graph(build))
	if err != nil {
		t.Fatal(err)
	}
	offsets, total := plan.Arena(p, (*plan.Value).Size)
	until := make([]int, len(p.Values))
	for i, in := range p.Instrs {
		for _, v := range in.In {
			until[v.ID] = i
		}
	}
	sum := 0
	from := make([]int, len(p.Values))
	for i, in := range p.Instrs {
		v := in.Out
		sum += v.Size()
		from[v.ID] = i
		if v.Keep {
			until[v.ID] = len(p.Instrs)
		}
		if offsets[v.ID] < 0 || offsets[v.ID]%16 != 0 || offsets[v.ID]+v.Size() > total {
			t.Fatalf("%v has offset %d of %d", v, offsets[v.ID], total)
		}
		for _, earlier := range p.Instrs[:i] {
			w := earlier.Out
			apart := offsets[v.ID] >= offsets[w.ID]+w.Size() || offsets[w.ID] >= offsets[v.ID]+v.Size()
			if until[w.ID] >= i && !apart {
				t.Errorf("%v overwrites %v, which lives until instruction %d", v, w, until[w.ID])
			}
		}
	}
	if total > sum*2/3 {
		t.Errorf("%d elements for values of %d in total", total, sum)
	}
	for _, v := range p.Values {
		if v.Kind != plan.Temp && offsets[v.ID] != -1 {
			t.Errorf("%v has an offset", v)
		}
	}
}
