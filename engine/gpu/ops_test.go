package gpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// everyDevice runs a test for every data type that the tested device has instructions for, and on the
// interpreter of PTX.
func everyDevice(t *testing.T, test func(t *testing.T, d *Device)) { onDevices(t, true, test) }

// mostDevices is everyDevice for tests that take long on the interpreter: it runs them without -short.
func mostDevices(t *testing.T, test func(t *testing.T, d *Device)) {
	onDevices(t, !testing.Short(), test)
}

func onDevices(t *testing.T, interpreted bool, test func(t *testing.T, d *Device)) {
	dtypes := []plan.DType{plan.Float32, plan.BFloat16}
	if interpreted && !raceDetector && *deviceName == "" {
		for _, dtype := range dtypes {
			t.Run(dtype.String()+" PTX", func(t *testing.T) { test(t, interpreter(t, 80, dtype)) })
		}
	}
	if open(t).Info().Arch >= 80 {
		dtypes = append(dtypes, plan.TF32)
	}
	for _, dtype := range dtypes {
		t.Run(dtype.String(), func(t *testing.T) {
			test(t, New(open(t), plan.DeviceOptions{DType: dtype}).(*Device))
		})
	}
}

// toleranceOf is that of an operation's result: in bf16 a few roundings of 8 bits, in TF32 of 11.
func toleranceOf(d *Device) float64 {
	switch d.dtype {
	case plan.BFloat16:
		return 0.02
	case plan.TF32:
		return 0.0025
	}
	return plantest.Tolerance
}

// opTest is an operation on inputs of the given shapes, by which a family is tested without the
// others. Its inputs are inputs of a program, or parameters if params is set.
type opTest struct {
	op     op.Op
	in     [][]int
	params bool
	draw   func(rng *rand.Rand, input int) float64 // nil: normally distributed
}

// check compares the operation on a device with its reference arithmetic.
func (o opTest) check(t *testing.T, d *Device) {
	t.Helper()
	got, want, unfilled, err := o.run(t, d)
	if err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprint(op.Name(o.op), " of ", o.in)
	plantest.Close(t, what, got, want, toleranceOf(d))
	if unfilled >= 0 {
		t.Errorf("%s: fill channel %d is not zero", what, unfilled)
	}
}

// run returns what a device computes, what it should, a fill channel that is not zero (−1 if none
// is), and the device's error.
func (o opTest) run(t *testing.T, d *Device) (got, want []float32, unfilled int, err error) {
	t.Helper()
	p, inputs := o.program(t)
	exe, err := d.Compile(p, nil)
	if err != nil {
		return nil, nil, -1, err
	}
	defer exe.Close()
	for i, x := range inputs {
		set := exe.SetInput
		if o.params {
			set = exe.SetParam
		}
		if err := set(fmt.Sprint("x", i), x.Data); err != nil {
			return nil, nil, -1, err
		}
	}
	out := p.Outputs["y"]
	got, want = make([]float32, out.Size()), make([]float32, out.Size())
	for range 2 { // also where another run has left its traces
		err := poison(exe.(*executable))
		if err := errors.Join(err, exe.Run(context.Background()), exe.Output("y", got)); err != nil {
			return nil, nil, -1, err
		}
	}
	o.op.Do(op.Tensor{Shape: out.Shape, Data: want}, inputs)
	unfilled, err = filled(d, exe.(*executable))
	return got, want, unfilled, err
}

// program returns the program of the operation alone, and inputs that both data types represent.
func (o opTest) program(t *testing.T) (*plan.Program, []op.Tensor) {
	t.Helper()
	p := &plan.Program{Outputs: make(map[string]*plan.Value)}
	value := func(kind plan.Kind, name string, shape []int) *plan.Value {
		v := &plan.Value{ID: len(p.Values), Kind: kind, Name: name, Shape: shape}
		p.Values = append(p.Values, v)
		return v
	}
	kind := plan.Input
	if o.params {
		kind = plan.Param
	}
	rng := rand.New(rand.NewPCG(1, 2))
	in, inputs := &plan.Instr{Op: o.op}, make([]op.Tensor, len(o.in))
	for i, shape := range o.in {
		in.In = append(in.In, value(kind, fmt.Sprint("x", i), shape))
		inputs[i] = op.Tensor{Shape: shape, Data: make([]float32, op.Size(shape))}
		for j := range inputs[i].Data {
			x := rng.NormFloat64()
			if o.draw != nil {
				x = o.draw(rng, i)
			}
			inputs[i].Data[j] = math.Float32frombits(math.Float32bits(float32(x)) &^ 0xffff)
		}
	}
	shape, err := op.Check(o.op, o.in)
	if err != nil {
		t.Fatal(err)
	}
	in.Out = value(plan.Temp, "y", shape)
	in.Out.Keep = true
	p.Instrs, p.Outputs["y"] = []*plan.Instr{in}, in.Out
	return p, inputs
}

// poison fills the memory of outputs with NaN.
func poison(e *executable) error {
	for _, o := range e.outputs {
		junk := make([]byte, o.tensor.bytes)
		for i := range junk {
			junk[i] = 0xff
		}
		if err := e.stream.Upload(o.tensor.part(len(junk)), junk); err != nil {
			return err
		}
	}
	return nil
}

// filled returns a fill channel of the output that is not zero; −1 if there is none.
func filled(d *Device, e *executable) (int, error) {
	x := e.outputs["y"].tensor
	if !x.image {
		return -1, nil
	}
	data := make([]byte, x.bytes)
	if err := e.stream.Download(data, x.part(len(data))); err != nil {
		return -1, err
	}
	for i, b := range data {
		if channel := i / d.dtype.Bytes() % x.fill; channel >= x.c && b != 0 {
			return channel, nil
		}
	}
	return -1, nil
}

// checkAll checks operations on every device.
func checkAll(t *testing.T, tests ...opTest) {
	t.Helper()
	everyDevice(t, func(t *testing.T, d *Device) {
		for _, o := range tests {
			o.check(t, d)
		}
	})
}

// libraryKernels are a library's kernels that an operation's program has.
func libraryKernels(t *testing.T, d *Device, o opTest) (names []string) {
	t.Helper()
	p, _ := o.program(t)
	c := newCompiler(d, plan.Fuse(p))
	if err := errors.Join(c.layouts(), c.lower()); err != nil {
		t.Fatal(err)
	}
	for _, l := range c.launches {
		if l.library != nil {
			names = append(names, l.kernel)
		}
	}
	return names
}
