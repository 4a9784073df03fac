//go:build linux && !nogpu && (amd64 || arm64)

package gpu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/cuda/cudatest"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/model/modeltest"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// withCuDNN is an interpreter's device with a cuDNN that computes in plain C.
func withCuDNN(t *testing.T, dtype plan.DType, use libraryUse, options ...string) (*Device, *cudatest.Driver) {
	t.Helper()
	skipIfSlow(t)
	dnn, err := cuda.OpenDNN(cudatest.CuDNN(t, options...))
	if err != nil {
		t.Fatal(err)
	}
	driver := cudatest.New(80)
	h, err := cuda.Open(0, cuda.Options{Driver: driver, DNN: driver.DNN(dnn)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), driver.Misuse()); err != nil {
			t.Error(err)
		}
	})
	d := New(h, plan.DeviceOptions{DType: dtype}).(*Device)
	d.library = use
	return d, driver
}

// libraryDevice is the tested device, if that is a GPU with cuDNN, or else withCuDNN's. Of the former
// cuDNN's kernels are not known.
func libraryDevice(t *testing.T, dtype plan.DType, use libraryUse) (d *Device, known bool) {
	t.Helper()
	if *deviceName == "" {
		d, _ = withCuDNN(t, dtype, use)
		return d, true
	}
	d = New(open(t), plan.DeviceOptions{DType: dtype}).(*Device)
	if l, ok := d.hal.(hal.Convolving); !ok || l.Library() == "" {
		t.Skip("no cuDNN")
	}
	d.library = use
	return d, false
}

// TestLibraryConv: convolutions and gradients of cuDNN's, which sees our arrays as they are, are those
// of the reference, with zeros in fill channels; what cuDNN does not know is done by our kernels.
func TestLibraryConv(t *testing.T) {
	shapes := append(slices.Clone(convShapes), convShapes[0])
	oneSided := &shapes[len(shapes)-1]
	oneSided.name, oneSided.pad = "one-sided", [4]int{0, 0, 2, 2}
	ours := map[string]bool{oneSided.name: true, "dilated with stride": true, "depthwise": true, "depthwise dilated": true}
	for _, dtype := range []plan.DType{plan.Float32, plan.BFloat16, plan.TF32} {
		t.Run(dtype.String(), func(t *testing.T) {
			d, known := libraryDevice(t, dtype, always)
			for _, s := range shapes {
				if known && dtype != plan.Float32 && !slices.Contains([]string{"few channels", "small groups"}, s.name) {
					continue // the interpreter takes long
				}
				conv := op.GeneralConv{Window: op.Window{Stride: s.stride, Dilation: s.dilation, Pad: s.pad}, Groups: s.groups}
				y, err := conv.Infer([][]int{s.x, s.w})
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range []opTest{
					{op: conv, in: [][]int{s.x, s.w}},
					{op: op.GeneralConvInputGrad{Conv: conv, Shape: [4]int(s.x)}, in: [][]int{s.w, y}},
					{op: op.GeneralConvWeightGrad{Conv: conv, Shape: [4]int(s.w)}, in: [][]int{s.x, y}},
				} {
					o.check(t, d)
					_, weights := o.op.(op.GeneralConvWeightGrad)
					want := 1
					if ours[s.name] || weights && dtype == plan.BFloat16 {
						want = 0
					}
					if names := libraryKernels(t, d, o); known && len(names) != want {
						t.Errorf("%s, %T: cuDNN's kernels are %q, want %d", s.name, o.op, names, want)
					}
				}
			}
		})
	}
}

// TestLibraryFusedConv: what follows the sum is done after cuDNN's.
func TestLibraryFusedConv(t *testing.T) {
	general := op.Conv{Stride: 2, Pad: 1}.General()
	x, w, y, vector, stats := []int{2, 11, 7, 6}, []int{12, 11, 3, 3}, []int{2, 12, 4, 3}, []int{12}, []int{2, 12}
	grad := op.GeneralConvInputGrad{Conv: general, Shape: [4]int(x)}
	for _, dtype := range []plan.DType{plan.Float32, plan.BFloat16} {
		d, known := libraryDevice(t, dtype, always+1)
		for _, params := range []bool{false, true} {
			for _, o := range []opTest{
				{op: plan.FusedConv{Conv: general, Bias: true, Rectify: true}, in: [][]int{x, w, vector}, params: params},
				{op: plan.FusedConv{Conv: general, Bias: true, Norm: true, Epsilon: 1e-3, Residual: true, Rectify: true}, in: [][]int{x, w, vector, stats, vector, vector, y}, params: params, draw: positive},
				{op: plan.FusedConv{Conv: general, Norm: true, Epsilon: 1e-3, Map: op.Map{Func: "sigmoid"}}, in: [][]int{x, w, stats, vector, vector}, params: params, draw: positive},
				{op: plan.FusedConv{Conv: general, Map: op.Map{Func: "tanh"}}, in: [][]int{x, w}, params: params},
			} {
				o.check(t, d)
				if names := libraryKernels(t, d, o); known && !slices.Equal(names, []string{"cudnn_forward_0"}) {
					t.Errorf("%v: cuDNN's kernels are %q", o.op, names)
				}
			}
		}
		d.library = always
		for _, o := range []opTest{
			{op: plan.FusedConvInputGrad{Grad: grad, Norm: true, Epsilon: 1e-3, Residual: true}, in: [][]int{w, y, stats, vector, x}, draw: positive},
			{op: plan.FusedConvInputGrad{Grad: grad, Residual: true}, in: [][]int{w, y, x}},
		} {
			o.check(t, d)
			if names := libraryKernels(t, d, o); known && !slices.Equal(names, []string{"cudnn_backward_data_1"}) {
				t.Errorf("%v: cuDNN's kernels are %q", o.op, names)
			}
		}
	}
}

// A network runs with cuDNN's convolutions in graphs, and without graphs where a stream cannot capture
// them.
func TestLibraryInGraphs(t *testing.T) {
	for _, captured := range []bool{true, false} {
		t.Run(fmt.Sprint(captured), func(t *testing.T) {
			d, driver := withCuDNN(t, plan.Float32, always)
			capturing := false
			driver.Failed = func(call string) error {
				switch call {
				case "Capture", "EndCapture":
					capturing = call == "Capture"
				case "Convolve":
					if capturing && !captured {
						return cuda.Code(900) // CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
					}
				}
				return nil
			}
			b := plantest.NewBuilder(t, 1)
			conv := op.Conv{Stride: 1, Pad: 1}
			y := b.Apply(conv, b.Apply(op.ReLU{}, b.Apply(conv, b.Input(1, 5, 6, 6), b.Weights(9, 5, 3, 3))), b.Weights(4, 9, 3, 3))
			b.Keep(y)
			want := b.Run(plantest.Reference())[y.Name]
			exe, err := d.Compile(b.Program, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer exe.Close()
			for v, data := range b.Data {
				set := map[plan.Kind]func(string, []float32) error{plan.Input: exe.SetInput, plan.Param: exe.SetParam}[v.Kind]
				if err := set(v.Name, data); err != nil {
					t.Fatal(err)
				}
			}
			for range 4 {
				got := make([]float32, len(want))
				if err := errors.Join(poison(exe.(*executable)), exe.Run(t.Context()), exe.Output(y.Name, got)); err != nil {
					t.Fatal(err)
				}
				plantest.Close(t, "two convolutions", got, want, plantest.Tolerance)
			}
			if _, graphs := driver.Compiled(); captured != (graphs > 0) {
				t.Errorf("%d graphs", graphs)
			}
		})
	}
}

// TestLibraryInPrograms: random programs and steps of training come to the reference's results with
// cuDNN's convolutions, too.
func TestLibraryInPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("the interpreter takes long")
	}
	d, _ := withCuDNN(t, plan.Float32, always)
	plantest.RandomPrograms(t, d, plan.Float32, 1)
	modeltest.Steps(t, d)
}

// TestLibraryChoice: of cuDNN's kernels that give our results the fastest is chosen, if it is faster
// than our own; one that fails or gives others never is.
func TestLibraryChoice(t *testing.T) {
	conv := op.Conv{Stride: 1, Pad: 1}
	x, w := []int{2, 11, 8, 8}, []int{12, 11, 3, 3}
	tests := []opTest{
		{op: plan.FusedConv{Conv: conv.General(), Bias: true, Rectify: true}, in: [][]int{x, w, {12}}},
		{op: op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int(x)}, in: [][]int{w, {2, 12, 8, 8}}},
		{op: op.ConvWeightGrad{Stride: 1, Pad: 1, Shape: [4]int(w)}, in: [][]int{x, {2, 12, 8, 8}}},
	}
	for _, c := range []struct {
		option string // of the library; "fails" fails its calls
		chosen bool
	}{{"", true}, {"fails", false}, {"-DWRONG", false}, {"-DUNKNOWN", false}, {"-DNO_DEVICE", false}} {
		t.Run(c.option, func(t *testing.T) {
			var options []string
			if strings.HasPrefix(c.option, "-") {
				options = []string{c.option}
			}
			d, driver := withCuDNN(t, plan.Float32, fastest, options...)
			driver.Failed = func(call string) error {
				if call == "Convolve" && c.option == "fails" {
					return errors.New("CUDNN_STATUS_EXECUTION_FAILED")
				}
				return nil
			}
			for _, o := range tests {
				p, _ := o.program(t)
				compiler := newCompiler(d, p)
				if err := compiler.layouts(); err != nil {
					t.Fatal(err)
				}
				in := p.Instrs[0]
				xt, yt := imageOf(x, d.dtype), imageOf([]int{2, 12, 8, 8}, d.dtype)
				result := map[int]hal.ConvResult{3: hal.ConvOutput, 2: hal.ConvInputGrad}[len(o.in)]
				if _, weights := o.op.(op.ConvWeightGrad); weights {
					result = hal.ConvWeightGrad
				}
				asked, ok := compiler.libraryConv(result, conv.General(), xt, yt, w)
				if !ok {
					t.Fatal("cuDNN is not asked")
				}
				kernels := d.hal.(hal.Convolving).Convolutions(asked)
				name, lasting := compiler.fastestConv(in, kernels)
				if got, found := kernelNamed(kernels, name); !found || !lasting || (got != nil) != c.chosen {
					t.Errorf("%v: %s of %d kernels is chosen", o.op, name, len(kernels))
				}
				if compiler.choose(in, asked) != nil {
					t.Errorf("%v: chosen on a device of tests", o.op)
				}
				driver.Bytes = 1 << 14
				if name, lasting := compiler.fastestConv(in, kernels); name != own || lasting {
					t.Errorf("%v: %s is chosen without memory to try, and that lasts: %v", o.op, name, lasting)
				}
				driver.Bytes = 4 << 30
			}
		})
	}
}
