package plantest

import (
	"bytes"
	"embed"
	"math"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/plan"
)

// goldens were computed with PyTorch 1.13. Tensors are named by role; settings are in the metadata.
//
//go:embed testdata/*.safetensors
var goldens embed.FS

// Golden reads the named file of reference values.
func Golden(t *testing.T, name string) *checkpoints.File {
	t.Helper()
	data, err := goldens.ReadFile("testdata/" + name + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	f, err := checkpoints.ReadSafetensors(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Goldens lists the files whose names begin with prefix.
func Goldens(t *testing.T, prefix string) []string {
	t.Helper()
	entries, err := goldens.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".safetensors"); ok && strings.HasPrefix(name, prefix) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no reference values for %s", prefix)
	}
	return found
}

// Tolerance is the maximum difference of float32 results from the reference values, relative to
// an element's magnitude plus the root mean square of all elements.
const Tolerance = 1e-4

// ToleranceOf is Tolerance of a data type. Rounding a factor of a product changes it by up to 2⁻¹¹
// in TF32 and 2⁻⁹ in bf16, which also rounds results; sums' errors are in proportion to what was
// summed.
func ToleranceOf(d plan.DType) float64 {
	switch d {
	case plan.TF32:
		return 5.0 / 1024
	case plan.BFloat16:
		return 10.0 / 512
	}
	return Tolerance
}

// Close fails the test unless got is want within tolerance.
func Close(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	if worst, at := Difference(got, want); !(worst <= tolerance) {
		t.Errorf("%s: element %d is %g, want %g: relative difference %.2g exceeds %g", what, at, got[at], want[at], worst, tolerance)
	}
}

// Difference returns the largest difference of an element, relative to its magnitude plus the
// root mean square of all elements, and its index.
func Difference(got, want []float32) (worst float64, at int) {
	sum := 0.0
	for _, v := range want {
		sum += float64(v) * float64(v)
	}
	rms := math.Sqrt(sum / float64(len(want)))
	for i := range want {
		d := math.Abs(float64(got[i])-float64(want[i])) / (math.Abs(float64(want[i])) + rms + 1e-30)
		if !(d <= worst) {
			worst, at = d, i
		}
	}
	return worst, at
}
