package gpu

import (
	flags "flag"
	"fmt"
	"os"
	"testing"

	"hfcui/engine/gpu/cuda/cudatest"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// interpreter is a device that runs the PTX for GPUs of a compute capability times ten on the
// interpreter, which fails launches that race, or leave the memory of their arguments.
func interpreter(t testing.TB, arch int, dtype plan.DType) *Device {
	t.Helper()
	return New(cudatest.Open(t, arch), plan.DeviceOptions{DType: dtype}).(*Device)
}

// skipIfSlow skips a test of the interpreter where it is ten times slower, or another device is tested.
func skipIfSlow(t *testing.T) {
	t.Helper()
	if raceDetector || *deviceName != "" {
		t.Skip("the interpreter of PTX is tested without the race detector and -device")
	}
}

// TestMain checks, after all tests have passed, that every kernel has run on the interpreter in every
// compilation that there is.
func TestMain(m *testing.M) {
	code := m.Run()
	all := flags.Lookup("test.run").Value.String()+flags.Lookup("test.skip").Value.String() == "" && !testing.Short() && !raceDetector && *deviceName == ""
	if code == 0 && all {
		for _, missing := range notRun() {
			fmt.Println("not tested:", missing)
			code = 1
		}
	}
	os.Exit(code)
}

// notRun lists the kernels that have not run on the interpreter.
func notRun() (missing []string) {
	for _, m := range source.Modules() {
		seen := map[string]bool{}
		for _, arch := range []int{70, 80} {
			text, err := m.PTX(arch)
			if err != nil || seen[text] { // for newer GPUs only, or the same for both
				continue
			}
			seen[text] = true
			names, err := cudatest.NotRun(text)
			if err != nil {
				missing = append(missing, fmt.Sprintf("%s: %v", m.Name, err))
			}
			for _, name := range names {
				if name == "dropout" && m.Name == source.Elementwise(false).Name {
					continue // matrices, which alone are dropped out, are float32
				}
				missing = append(missing, fmt.Sprintf("%s of %s for sm_%d", name, m.Name, arch))
			}
		}
	}
	return missing
}

// convTest is a convolution and its gradients.
func convTest(x, w []int, stride, pad, groups int) []opTest {
	conv := op.GeneralConv{Window: op.Window{Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}, Pad: [4]int{pad, pad, pad, pad}}, Groups: groups}
	y, err := conv.Infer([][]int{x, w})
	if err != nil {
		panic(err)
	}
	return []opTest{
		{op: conv, in: [][]int{x, w}},
		{op: op.GeneralConvInputGrad{Conv: conv, Shape: [4]int(x)}, in: [][]int{w, y}},
		{op: op.GeneralConvWeightGrad{Conv: conv, Shape: [4]int(w)}, in: [][]int{x, y}},
	}
}

// convTests are convolutions with more pixels and more channels than a tile has.
func convTests(tile int) []opTest {
	return convTest([]int{2, 13, 9, 8}, []int{tile + 6, 13, 3, 3}, 1, 1, 1)
}

// linearTests are linear layers and their gradients, with more rows and more columns than a tile has,
// and one whose sums are split.
func linearTests(tile int) []opTest {
	x, w, y := []int{131, 21}, []int{tile + 6, 21}, []int{131, tile + 6}
	return []opTest{
		{op: op.Linear{}, in: [][]int{x, w, w[:1]}},
		{op: op.LinearInputGrad{}, in: [][]int{w, y}},
		{op: op.LinearWeightGrad{}, in: [][]int{x, y}},
		{op: op.Linear{}, in: [][]int{{2, 1030}, {3, 1030}, {3}}},
	}
}

// TestEveryTile runs products with every tile, in every data type, with and without matrix
// instructions.
func TestEveryTile(t *testing.T) {
	skipIfSlow(t)
	for _, c := range []struct {
		arch  int
		dtype plan.DType
	}{{70, plan.Float32}, {70, plan.BFloat16}, {80, plan.BFloat16}, {80, plan.TF32}} {
		check := func(kind string, tiles []int, tests func(tile int) []opTest) {
			if testing.Short() {
				tiles = tiles[:1]
			}
			for _, tile := range tiles {
				t.Run(fmt.Sprintf("sm_%d %v %s %d", c.arch, c.dtype, kind, tile), func(t *testing.T) {
					d := interpreter(t, c.arch, c.dtype)
					d.forced = tile
					for _, o := range tests(tile) {
						o.check(t, d)
					}
				})
			}
		}
		check("conv", source.Tiles(c.arch >= 80), convTests)
		check("linear", source.LinearTiles(), linearTests)
	}
	t.Run("packed weights", func(t *testing.T) { // of the data type that everyDevice has not
		d := interpreter(t, 80, plan.TF32)
		tests := append(convTest([]int{1, 24, 5, 6}, []int{48, 8, 3, 3}, 1, 1, 3), convTest([]int{1, 19, 7, 6}, []int{19, 1, 3, 3}, 2, 1, 19)...)
		normed := plan.FusedConv{Conv: op.Conv{Stride: 1, Pad: 1}.General(), Bias: true, Norm: true, Epsilon: 1e-3}
		tests = append(tests, opTest{op: normed, in: [][]int{{1, 5, 4, 4}, {9, 5, 3, 3}, {9}, {2, 9}, {9}, {9}}, draw: positive})
		for _, o := range tests {
			o.check(t, d)
		}
		b := plantest.NewBuilder(t, 1)
		conv := op.Conv{Stride: 1, Pad: 1}
		b.Keep(b.Apply(conv, b.Apply(conv, b.Input(1, 5, 6, 6), b.Weights(9, 5, 3, 3)), b.Weights(4, 9, 3, 3)))
		b.Check(d, plan.TF32, "two convolutions")
	})
}
