package spectral

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden holds the float32 tensors and the metadata of a reference file.
type golden struct {
	tensors  map[string][]float32
	shapes   map[string][]int
	metadata map[string]string
}

// readGolden reads a trusted safetensors file of float32 tensors.
func readGolden(t *testing.T, path string) golden {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body := 8 + binary.LittleEndian.Uint64(data)
	var header map[string]json.RawMessage
	if err := json.Unmarshal(data[8:body], &header); err != nil {
		t.Fatal(err)
	}
	g := golden{map[string][]float32{}, map[string][]int{}, map[string]string{}}
	for name, raw := range header {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &g.metadata); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var entry struct {
			Shape   []int    `json:"shape"`
			Offsets []uint64 `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			t.Fatal(err)
		}
		bytes := data[body+entry.Offsets[0] : body+entry.Offsets[1]]
		values := make([]float32, len(bytes)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(bytes[4*i:]))
		}
		g.tensors[name], g.shapes[name] = values, entry.Shape
	}
	return g
}

// TestSplitGolden compares every implementation with NumPy's results in float64.
func TestSplitGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/split_*.safetensors")
	if err != nil || len(files) != 5 {
		t.Fatalf("reference files: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".safetensors"), func(t *testing.T) {
			g := readGolden(t, file)
			var labels []json.Number
			if err := json.Unmarshal([]byte(g.metadata["radii"]), &labels); err != nil {
				t.Fatal(err)
			}
			x, shape := g.tensors["x"], g.shapes["x"]
			n, h, w := shape[0], shape[2], shape[3]
			each := len(x) / n
			for name, s := range splitters(h, w) {
				for k := range n {
					s.Load(x[k*each:][:each])
					for _, label := range labels {
						r, _ := label.Float64()
						low, high := make([]float32, each), make([]float32, each)
						s.Split(low, high, r)
						within(t, name+" low "+label.String(), low, g.tensors["low_"+label.String()][k*each:][:each], 1e-6)
						within(t, name+" high "+label.String(), high, g.tensors["high_"+label.String()][k*each:][:each], 1e-6)
					}
				}
			}
			low, high, radii := make([][]float32, len(labels)), make([][]float32, len(labels)), make([]float64, len(labels))
			for i, label := range labels {
				radii[i], _ = label.Float64()
				low[i], high[i] = make([]float32, len(x)), make([]float32, len(x))
			}
			NewBatch(h, w, 2).Split(low, high, x, radii)
			for i, label := range labels {
				within(t, "batch low "+label.String(), low[i], g.tensors["low_"+label.String()], 1e-6)
				within(t, "batch high "+label.String(), high[i], g.tensors["high_"+label.String()], 1e-6)
			}
		})
	}
}

// TestSmoothGolden compares Smooth with SciPy's convolution.
func TestSmoothGolden(t *testing.T) {
	g := readGolden(t, "testdata/smooth.safetensors")
	compared := 0
	for name, want := range g.tensors {
		kernel, label, found := strings.Cut(name, "_rho")
		if !found {
			continue
		}
		rho, err := json.Number(label).Float64()
		if err != nil {
			t.Fatal(err)
		}
		shape := g.shapes[kernel]
		got := make([]float32, len(want))
		Smooth(got, g.tensors[kernel], shape[0], shape[1], shape[2], shape[3], rho)
		within(t, name, got, want, 1e-6)
		compared++
	}
	if compared != 12 {
		t.Fatalf("compared %d kernels, want 12", compared)
	}
}

// within fails unless got equals want within a tolerance.
func within(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if d := difference(got, want); !(d <= tolerance) {
		t.Errorf("%s differs by %.3g, allowed %.3g", what, d, tolerance)
	}
}

func difference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var d float64
	for i := range a {
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
	}
	return d
}

// splitters returns a Splitter for every transform that supports the size and is fast enough.
func splitters(h, w int) map[string]*Splitter {
	workers := newPool(3)
	all := map[string]*Splitter{}
	for _, a := range arithmetics() {
		all["fast "+a.name] = newSplitter(h, w, workers, newFast(h, w, workers, a))
		if small(h, w) {
			all["dense "+a.name] = newSplitter(h, w, workers, newDense(h, w, a))
		}
	}
	return all
}
