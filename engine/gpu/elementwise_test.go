package gpu

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

func positive(rng *rand.Rand, _ int) float64 { return 0.5 + rng.Float64() }

func wide(rng *rand.Rand, input int) float64 {
	if input == 0 {
		return 4 * rng.NormFloat64()
	}
	return rng.NormFloat64()
}

func TestElementwise(t *testing.T) {
	image, flat := []int{2, 11, 3, 5}, []int{3, 7}
	mask := func(rng *rand.Rand, input int) float64 {
		if input == 0 {
			return rng.NormFloat64()
		}
		return float64(rng.IntN(2))
	}
	std := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	checkAll(t,
		opTest{op: op.Add{}, in: [][]int{image, image}},
		opTest{op: op.Add{}, in: [][]int{flat, flat}},
		opTest{op: op.Add{}, in: [][]int{image, image}, params: true},
		opTest{op: op.ReLU{}, in: [][]int{image}},
		opTest{op: op.ReLU{}, in: [][]int{flat}},
		opTest{op: op.ReLUGrad{}, in: [][]int{image, image}},
		opTest{op: op.ReLUGrad{}, in: [][]int{flat, flat}},
		opTest{op: op.Dropout{Rate: 0.3}, in: [][]int{flat, flat}, draw: mask},
		opTest{op: op.ChannelBias{}, in: [][]int{image, {11}}},
		opTest{op: op.InputNormalize{Mean: std, Std: std}, in: [][]int{image}},
		opTest{op: op.InputNormalizeGrad{Std: std}, in: [][]int{image}},
	)
}

// TestFunctions runs every function of op.Map's, in float32 on every device, and in bf16 on the
// interpreter: an OpenCL driver compiles each for itself, for a second, where bf16 differs in reading
// and writing only, so that one in six will do.
func TestFunctions(t *testing.T) {
	var tests, some []opTest
	for i, name := range slices.Sorted(maps.Keys(op.Functions)) {
		draw := wide
		switch name {
		case "log", "sqrt", "pow", "reciprocal":
			draw = positive
		}
		m := op.Map{Func: name, A: 0.3, B: 1.5}
		for _, shape := range [][]int{{2, 11, 3, 5}, {3, 7}} {
			tests = append(tests, opTest{op: m, in: [][]int{shape}, draw: draw}, opTest{op: op.MapGrad(m), in: [][]int{shape, shape}, draw: draw})
		}
		if i%6 == 0 {
			some = append(some, tests[len(tests)-4:]...)
		}
		if _, ok := source.Function(name); !ok {
			t.Errorf("no kernel of %s", name)
		}
	}
	everyDevice(t, func(t *testing.T, d *Device) {
		chosen := tests
		if d.hal.Info().CPU && d.dtype == plan.BFloat16 {
			chosen = some
		}
		for _, o := range chosen {
			o.check(t, d)
		}
	})
}
