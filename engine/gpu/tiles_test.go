package gpu

import (
	"fmt"
	"slices"
	"testing"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// twin is a device whose products do in C what matrix instructions do: MATRIX 2 of matrix.h.
type twin struct{ hal.Device }

func (d twin) Info() hal.Info {
	info := d.Device.Info()
	info.Arch = 80
	return info
}

func (d twin) Load(m source.Module) (hal.Program, error) {
	if slices.Contains(m.Files, "matrix.h") {
		m.Name += "_twin"
		m.Defines = append(slices.Clone(m.Defines), "MATRIX=2")
	}
	return d.Device.Load(m)
}

// TestTiles: matrix instructions' fragments give the right results, with more columns than one pair
// of tiles. The interpreter runs every tile's own PTX, and so does a GPU.
func TestTiles(t *testing.T) {
	if testing.Short() && open(t).Info().CPU {
		t.Skip("compiling the kernels takes a while")
	}
	for _, name := range plan.DTypes() {
		dtype, err := plan.ParseDType(name)
		if err != nil {
			t.Fatal(err)
		}
		if real := open(t); real.Info().Arch > 0 {
			for _, bn := range source.Tiles(dtype != plan.Float32 && real.Info().Arch >= 80) {
				t.Run(fmt.Sprint(name, " ", bn), func(t *testing.T) {
					d := New(real, plan.DeviceOptions{DType: dtype}).(*Device)
					d.forced = bn
					tile(t, d)
				})
			}
			continue
		}
		if dtype == plan.Float32 {
			continue // has no matrix instructions
		}
		t.Run(name, func(t *testing.T) {
			d := New(twin{open(t)}, plan.DeviceOptions{DType: dtype}).(*Device)
			d.forced = 32
			tile(t, d)
		})
	}
}

// tile tests products with columns for more than one tile of 16 and not a whole number of any.
func tile(t *testing.T, d *Device) {
	conv := op.Conv{Stride: 1, Pad: 1}
	x, w, y := []int{2, 24, 9, 8}, []int{72, 24, 3, 3}, []int{2, 72, 9, 8}
	opTest{op: conv, in: [][]int{x, w}}.check(t, d)
	opTest{op: op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int(x)}, in: [][]int{w, y}}.check(t, d)
	opTest{op: op.ConvWeightGrad{Stride: 1, Pad: 1, Shape: [4]int(w)}, in: [][]int{x, y}}.check(t, d)
	if d.forced < 64 {
		d.forced = 16
	} else {
		d.forced = 64
	}
	opTest{op: op.Linear{}, in: [][]int{{130, 37}, {70, 37}, {70}}}.check(t, d)
}
