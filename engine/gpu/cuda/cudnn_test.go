//go:build linux && !nogpu && (amd64 || arm64)

package cuda

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
)

const cudnnSource = "cudatest/testdata/cudnn.c"

// A device of the driver's library runs a convolution of cuDNN's and leaves nothing in the libraries.
func TestCuDNN(t *testing.T) {
	driver, cudaPath, err := stub(t)
	if err != nil {
		t.Fatal(err)
	}
	path := compile(t, "libcudnn.so.9", cudnnSource)
	dnn, err := OpenDNN("libnone-of-this-name.so.9", path)
	if err != nil {
		t.Fatal(err)
	}
	if dnn.Version() != "cuDNN 9.1.0" || dnn.Path() != path {
		t.Errorf("%s in %s", dnn.Version(), dnn.Path())
	}
	d, err := Open(1, Options{Driver: driver, DNN: dnn})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Stream(true)
	if err != nil {
		t.Fatal(err)
	}
	c := hal.Convolution{X: [4]int{2, 3, 1, 8}, Y: [4]int{2, 3, 1, 8}, Taps: [2]int{3, 1}, Groups: 1, Pad: [2]int{1, 0}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	kernels := d.(hal.Convolving).Convolutions(c)
	if len(kernels) != 2 || kernels[0].Kernel.Name() != "cudnn_forward_1" || kernels[0].Workspace != 1064 || kernels[1].Workspace != 0 {
		t.Fatalf("%+v", kernels)
	}
	for _, none := range []hal.Convolution{
		{Result: hal.ConvWeightGrad, Number: source.BF16, X: c.X, Y: c.Y, Taps: c.Taps, Groups: 1, Pad: c.Pad, Stride: c.Stride, Dilation: c.Dilation},
		{X: c.X, Y: [4]int{2, 4, 1, 8}, Taps: c.Taps, Groups: 1, Pad: c.Pad, Stride: c.Stride, Dilation: c.Dilation},
	} {
		if kernels := d.(hal.Convolving).Convolutions(none); len(kernels) > 0 {
			t.Errorf("%+v: %+v", none, kernels)
		}
	}
	// Weights are 1 in the middle tap from channel 2 to channel 5.
	x, w, y := make([]float32, 2*3*8), make([]float32, 8*3*8), make([]float32, 2*3*8)
	w[5*3*8+1*8+2] = 1
	for i := range x {
		x[i] = float32(i)
	}
	const part = 4096
	b, err := d.Alloc(4 * part)
	if err != nil {
		t.Fatal(err)
	}
	span := func(i, bytes int) hal.Span { return hal.Span{Buffer: b, Offset: i * part, Bytes: bytes} }
	args := []any{span(0, 4*len(x)), span(1, 4*len(w)), span(2, 4*len(y)), span(3, 1064)}
	q, err := s.Prepare([]hal.Launch{{Kernel: kernels[0].Kernel, Args: args}})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 4*len(y))
	if err := errors.Join(s.Upload(span(0, 4*len(x)), floats(x)), s.Upload(span(1, 4*len(w)), floats(w)), q.Enqueue(0, 1), s.Download(data, span(2, len(data)))); err != nil {
		t.Fatal(err)
	}
	for i := range y {
		want := float32(0)
		if i%8 == 5 {
			want = float32(i - 3)
		}
		if got := math.Float32frombits(binary.NativeEndian.Uint32(data[4*i:])); got != want {
			t.Errorf("element %d is %g, want %g", i, got, want)
		}
	}
	for what, args := range map[string][]any{"no workspace": args[:3], "a number": {args[0], args[1], 2}, "too many": append(slices.Clone(args), args[0])} {
		if _, err := s.Prepare([]hal.Launch{{Kernel: kernels[0].Kernel, Args: args}}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	b.Free()
	if err := errors.Join(q.Close(), s.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if n, m := counter(t, path, "stub_live"), counter(t, cudaPath, "stub_live"); n != 0 || m != 0 {
		t.Errorf("%d things are left in cuDNN, %d in the driver", n, m)
	}
}

func floats(values []float32) (data []byte) {
	for _, v := range values {
		data = binary.NativeEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// Libraries that cannot be used say why.
func TestUnusableCuDNN(t *testing.T) {
	for want, options := range map[string][]string{
		"cuDNN 7.6.5 in": {"-DVERSION=7605"}, "cuDNN 8.9.7": {"-DVERSION=8907"}, "cudnnSetConvolutionGroupCount": {"-DcudnnSetConvolutionGroupCount=old"},
	} {
		dnn, err := OpenDNN(compile(t, "libcudnn.so.9", cudnnSource, options...))
		if want == "cuDNN 8.9.7" {
			if err != nil || dnn.Version() != want {
				t.Error(dnn, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := OpenDNN("libnone-of-this-name.so.9"); err == nil || !strings.Contains(err.Error(), "nvidia-cudnn-cu12") {
		t.Error(err)
	}
}

// cuDNN is looked for in Python's packages, newer ones first, and not in relative folders.
func TestDNNNames(t *testing.T) {
	home := t.TempDir()
	var want []string
	for _, dir := range []string{"venv/lib/python3.13/site-packages", "conda/lib/python3.11/site-packages", ".local/lib/python3.9/site-packages"} {
		path := filepath.Join(home, dir, "nvidia/cudnn/lib/libcudnn.so.9")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		want = append(want, path)
	}
	env := map[string]string{"VIRTUAL_ENV": filepath.Join(home, "venv"), "CONDA_PREFIX": filepath.Join(home, "conda"), "HOME": home}
	names := dnnNames(func(name string) string { return env[name] })
	names = slices.DeleteFunc(names, func(name string) bool { return filepath.IsAbs(name) && !strings.HasPrefix(name, home) }) // of this machine
	if want := slices.Concat([]string{"libcudnn.so.9"}, want, []string{"libcudnn.so.8"}); !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	for _, system := range []string{"linux", "windows"} {
		for _, pattern := range dnnFolders(system, func(string) string { return "relative" }) {
			if !filepath.IsAbs(pattern) {
				t.Errorf("%s: %s", system, pattern)
			}
		}
	}
	if all := dnnFolders("windows", func(name string) string { return "/" + name }); len(all) != 6 {
		t.Errorf("windows: %q", all)
	}
}
