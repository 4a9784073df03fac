package model

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"hfcui/engine/cpu"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// TestSaveONNX: description, mean, std, classes and logits survive a round trip through ONNX.
// $HFCUI_ONNX is a glob pattern of more files.
func TestSaveONNX(t *testing.T) {
	dev, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	classes := []string{"a", "b", "c", "d"}
	for _, name := range []string{"resnet20-w4", "resnet20-w4-nobn", "preact-resnet20-w4", "lenet5", "lenet5-bn"} {
		t.Run(name, func(t *testing.T) {
			m, err := New(name, [3]int{3, 32, 32}, classes, nets.He, 1)
			if err != nil {
				t.Fatal(err)
			}
			m.Mean, m.Std = []float32{0.4914, 0.4822, 0.4465}, []float32{0.247, 0.2435, 0.2616}
			sameAsONNX(t, dev, m)
		})
	}
	files, err := filepath.Glob("../graph/onnx/testdata/*.onnx")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	more, err := filepath.Glob(os.Getenv("HFCUI_ONNX"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, more...) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			m, err := Load(f, "")
			if err != nil {
				t.Fatal(err)
			}
			sameAsONNX(t, dev, m)
		})
	}
}

func sameAsONNX(t *testing.T, dev plan.Device, m *Model) {
	t.Helper()
	want, err := m.Net.Describe()
	if err != nil {
		t.Fatal(err)
	}
	const n = 2
	x := make([]float32, m.images(n))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = r.Float32()
	}
	logits := logitsOf(t, dev, m, x, n)
	for _, normalized := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "saved.onnx")
		if err := m.SaveONNX(path, normalized); err != nil {
			t.Fatal(err)
		}
		again, err := Load(path, m.Net.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Net.Described(); !reflect.DeepEqual(got, want) {
			for i := range min(len(got.Nodes), len(want.Nodes)) {
				if !reflect.DeepEqual(got.Nodes[i], want.Nodes[i]) {
					t.Fatalf("node %d is %+v, want %+v", i, got.Nodes[i], want.Nodes[i])
				}
			}
			t.Fatalf("the graph has %d nodes, want %d; its name is %q", len(got.Nodes), len(want.Nodes), got.Name)
		}
		if !reflect.DeepEqual(again.Mean, m.Mean) || !reflect.DeepEqual(again.Std, m.Std) || !slices.Equal(again.Classes, m.Classes) {
			t.Errorf("mean %v, std %v, classes %v; want %v, %v, %v", again.Mean, again.Std, again.Classes, m.Mean, m.Std, m.Classes)
		}
		if got := logitsOf(t, dev, again, x, n); !slices.Equal(got, logits) {
			t.Errorf("logits %v, want %v", got[:min(8, len(got))], logits[:min(8, len(got))])
		}
	}
}

func logitsOf(t *testing.T, dev plan.Device, m *Model, x []float32, n int) []float32 {
	t.Helper()
	e, err := m.NewEvaluator(dev, n, RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	out := make([]float32, n*m.Net.Classes)
	if err := e.Logits(context.Background(), out, x, n); err != nil {
		t.Fatal(err)
	}
	return out
}
