package model

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hfcui/engine/cpu"
	"hfcui/engine/nets"
)

// TestPeers holds every ONNX file of $PEERS against PyTorch's logits and input gradients in the
// .bin file beside it.
func TestPeers(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("PEERS"))
	for _, f := range files {
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
			for range 2 {
				start := time.Now()
				if err := e.Logits(context.Background(), got, x, n); err != nil {
					t.Fatal(err)
				}
				t.Log("logits", time.Since(start))
			}
			compare(t, "logits", got, want, 1e-4)
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
			start := time.Now()
			if err := g.Gradient(context.Background(), dx, x, labels); err != nil {
				t.Fatal(err)
			}
			t.Log("gradient", time.Since(start))
			compare(t, "gradient", dx, grad, 1e-3)
		})
	}
}

// compare is relative to the largest.
func compare(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	worst, scale := 0.0, 1e-30
	for i, w := range want {
		worst, scale = max(worst, math.Abs(float64(got[i]-w))), max(scale, math.Abs(float64(w)))
	}
	t.Logf("%s differ by %.2g", what, worst/scale)
	if !(worst <= tolerance*scale) {
		t.Errorf("%s differ by %.2g of the largest, %.3g", what, worst/scale, scale)
	}
}
