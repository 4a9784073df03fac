package plantest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// Builder makes programs of random sizes, and the values they run on.
type Builder struct {
	t       *testing.T
	Rand    *rand.Rand
	Program *plan.Program
	Data    map[*plan.Value][]float32 // of inputs and parameters
}

// NewBuilder returns a builder of an empty program.
func NewBuilder(t *testing.T, seed uint64) *Builder {
	return &Builder{t, rand.New(rand.NewPCG(seed, 3)), &plan.Program{Outputs: make(map[string]*plan.Value)}, make(map[*plan.Value][]float32)}
}

// Between is a random number from a to b.
func (b *Builder) Between(a, c int) int { return a + b.Rand.IntN(c-a+1) }

// Value adds a value.
func (b *Builder) Value(kind plan.Kind, shape ...int) *plan.Value {
	id := len(b.Program.Values)
	v := &plan.Value{ID: id, Kind: kind, Shape: shape, Name: fmt.Sprint("v", id)}
	b.Program.Values = append(b.Program.Values, v)
	return v
}

// Leaf makes an input or parameter of random values.
func (b *Builder) Leaf(kind plan.Kind, draw func() float64, shape ...int) *plan.Value {
	v := b.Value(kind, shape...)
	data := make([]float32, v.Size())
	for i := range data {
		data[i] = float32(draw())
	}
	b.Data[v] = data
	return v
}

// Input makes an input of normally distributed values.
func (b *Builder) Input(shape ...int) *plan.Value {
	return b.Leaf(plan.Input, b.Rand.NormFloat64, shape...)
}

// Positive makes a parameter of what must be positive, or may as well be: variances,
// scales, probabilities.
func (b *Builder) Positive(shape ...int) *plan.Value {
	return b.Leaf(plan.Param, func() float64 { return 0.5 + b.Rand.Float64() }, shape...)
}

// Weights makes a parameter whose products with random numbers are of size 1.
func (b *Builder) Weights(shape ...int) *plan.Value {
	size := math.Sqrt(float64(op.Size(shape) / shape[0]))
	return b.Leaf(plan.Param, func() float64 { return b.Rand.NormFloat64() / size }, shape...)
}

// Apply adds an instruction; its result is an output.
func (b *Builder) Apply(o op.Op, in ...*plan.Value) *plan.Value {
	b.t.Helper()
	shapes := make([][]int, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	shape, err := op.Check(o, shapes)
	if err != nil {
		b.t.Fatal(err)
	}
	v := b.Value(plan.Temp, shape...)
	b.Program.Instrs = append(b.Program.Instrs, &plan.Instr{Op: o, In: in, Out: v})
	return v
}

// Keep makes values outputs.
func (b *Builder) Keep(values ...*plan.Value) {
	for _, v := range values {
		v.Keep = true
		b.Program.Outputs[v.Name] = v
	}
}

// Run gives the outputs as a device computes them in its second run: the first leaves its
// traces in memory.
func (b *Builder) Run(d plan.Device) map[string][]float32 {
	b.t.Helper()
	exe, err := d.Compile(b.Program, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	defer exe.Close()
	for v, data := range b.Data {
		set := exe.SetInput
		if v.Kind == plan.Param {
			set = exe.SetParam
		}
		if err := set(v.Name, data); err != nil {
			b.t.Fatal(err)
		}
	}
	for range 2 {
		if err := exe.Run(context.Background()); err != nil {
			b.t.Fatal(err)
		}
	}
	out := make(map[string][]float32)
	for name, v := range b.Program.Outputs {
		out[name] = make([]float32, v.Size())
		if err := exe.Output(name, out[name]); err != nil {
			b.t.Fatal(err)
		}
	}
	return out
}

// Check compares a device's outputs with the reference device's.
func (b *Builder) Check(dev plan.Device, dtype plan.DType, what string) {
	b.t.Helper()
	if dtype != plan.Float32 {
		b.Round()
	}
	want, got := b.Run(Reference()), b.Run(dev)
	for name := range want {
		Close(b.t, what+", "+name, got[name], want[name], ToleranceOf(dtype))
	}
}

// Round rounds all values that the program runs on to bf16.
func (b *Builder) Round() {
	for _, data := range b.Data {
		for i, v := range data {
			bits := math.Float32bits(v)
			data[i] = math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
		}
	}
}
