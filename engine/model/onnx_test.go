package model

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hfcui/engine/cpu"
	"hfcui/engine/nets"
)

// TestONNX compares ONNX files with PyTorch's logits and input gradients (of the sum of
// cross-entropies, with class i for image i) in the .bin file next to each: N, C, H, W and the
// number of classes as int32, then images, logits and gradients as float32. $HFCUI_ONNX is a glob
// pattern of more such files.
func TestONNX(t *testing.T) {
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
			b, err := os.Open(strings.TrimSuffix(f, ".onnx") + ".bin")
			if err != nil {
				t.Skip(err)
			}
			defer b.Close()
			var d [5]int32
			binary.Read(b, binary.LittleEndian, &d)
			n, size, classes := int(d[0]), int(d[1]*d[2]*d[3]), int(d[4])
			x, want, grad := make([]float32, n*size), make([]float32, n*classes), make([]float32, n*size)
			for _, v := range [][]float32{x, want, grad} {
				if err := binary.Read(b, binary.LittleEndian, v); err != nil {
					t.Fatal(err)
				}
			}
			m, err := Load(f, "")
			if err != nil {
				t.Fatal(err)
			}
			dev, err := cpu.New(cpu.Options{})
			if err != nil {
				t.Fatal(err)
			}
			e, err := m.NewEvaluator(dev, n, RunningStatistics)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			got := make([]float32, n*classes)
			if err := e.Logits(context.Background(), got, x, n); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := e.Logits(context.Background(), got, x, n); err != nil {
				t.Fatal(err)
			}
			t.Log("logits in", time.Since(start))
			logSoftmax(got, classes)
			logSoftmax(want, classes)
			exact := readExact(strings.TrimSuffix(f, ".onnx")+".f64", len(want), len(grad))
			compare(t, "logits", got, want, exact.logits, 1e-4)
			g, err := m.NewDifferentiatorWith(dev, DifferentiatorOptions{Batch: n, Objective: nets.SumCrossEntropy})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			labels := make([]int, n)
			for i := range labels {
				labels[i] = i % classes
			}
			dx := make([]float32, n*size)
			start = time.Now()
			if err := g.Gradient(context.Background(), dx, x, labels); err != nil {
				t.Fatal(err)
			}
			t.Log("gradient in", time.Since(start))
			compare(t, "gradient", dx, grad, exact.grad, 1e-3)
		})
	}
}

// float64Result has PyTorch's float64 results and their change, relative to the largest, if weights are
// perturbed by a relative 3e-7, a few rounding errors, which flips ReLUs of deep networks.
type float64Result struct {
	values []float32
	change float64
}

// exact has float64 log probabilities and gradients; empty without a file.
type exact struct{ logits, grad float64Result }

// readExact reads a .f64 file: float32 log probabilities, gradients, and the two changes.
func readExact(path string, logits, grads int) (e exact) {
	b, err := os.ReadFile(path)
	values := make([]float32, logits+grads+2)
	if err != nil || len(b) != 4*len(values) {
		return exact{}
	}
	_, _ = binary.Decode(b, binary.LittleEndian, values) // the length was checked
	e.logits = float64Result{values[:logits], float64(values[logits+grads])}
	e.grad = float64Result{values[logits:][:grads], float64(values[logits+grads+1])}
	return e
}

// compare compares values with PyTorch's: the difference relative to the largest value is within a
// tolerance, or the error relative to float64 is at most twice that of PyTorch or of rounding.
func compare(t *testing.T, what string, got, want []float32, exact float64Result, tolerance float64) {
	t.Helper()
	by := worst(got, want)
	t.Logf("%s differ by %.2g", what, by)
	if by <= tolerance {
		return
	}
	if exact.values == nil {
		t.Errorf("%s differ by %.2g of the largest", what, by)
		return
	}
	ours, theirs := worst(got, exact.values), worst(want, exact.values)
	t.Logf("error of %s relative to float64: %.2g, PyTorch: %.2g, perturbed weights: %.2g", what, ours, theirs, exact.change)
	if !(ours <= 2*max(theirs, exact.change)) {
		t.Errorf("%s differ by %.2g of the largest; error relative to float64: %.2g, PyTorch: %.2g", what, by, ours, theirs)
	}
}

// worst returns the largest difference relative to the largest value.
func worst(got, want []float32) float64 {
	most, scale := 0.0, 1e-30
	for i, w := range want {
		most, scale = max(most, math.Abs(float64(got[i]-w))), max(scale, math.Abs(float64(w)))
	}
	return most / scale
}

// logSoftmax removes the additive constant to which softmax is invariant: networks output logits or
// their log-softmax.
func logSoftmax(z []float32, classes int) {
	for ; len(z) > 0; z = z[classes:] {
		sum := 0.0
		for _, v := range z[:classes] {
			sum += math.Exp(float64(v))
		}
		for i := range z[:classes] {
			z[i] -= float32(math.Log(sum))
		}
	}
}

// TestGraphSaved: an imported model survives saving and loading.
func TestGraphSaved(t *testing.T) {
	m, err := Load("../graph/onnx/testdata/shuffle.onnx", "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "saved.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := again.Net.Described(), m.Net.Described(); !reflect.DeepEqual(got, want) {
		t.Errorf("the graph is %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(again.Weights, m.Weights) || !reflect.DeepEqual(again.Mean, m.Mean) {
		t.Error("weights or normalization differ")
	}
}
