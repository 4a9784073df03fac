package engine

import (
	"context"
	"errors"
	"math"
	"testing"

	"hfcui/engine/model"
	"hfcui/spectral"
)

// The response is the mean over all kernels, in however many pieces; asked again, a view is
// not computed again; a cancelled one is none.
func TestKernelViews(t *testing.T) {
	l := openSmall(t)
	layer := "layer3.0.conv2"
	ask := func(s model.Smoothing) *KernelView {
		t.Helper()
		v, err := l.Kernels(t.Context(), KernelsRequest{Smoothing: s})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := ask(model.Smoothing{Rho: 0.5, Layer: layer})
	s := v.Shape
	want := spectral.Response(v.Before, s[0], s[1], s[2], s[3], responseSize, responseBins)
	for i := range want {
		if math.Abs(want[i]-v.ResponseBefore[i]) > 1e-9 {
			t.Errorf("bin %d: %v, want %v", i, v.ResponseBefore[i], want[i])
		}
	}
	if v.Layer != layer+".weight" || v.Rho != 0.5 || v.RoughnessAfter >= v.RoughnessBefore || v.Model != "small" {
		t.Errorf("%s of %s, ρ %v, roughness %v, %v", v.Layer, v.Model, v.Rho, v.RoughnessBefore, v.RoughnessAfter)
	}
	divided := ask(model.Smoothing{Rho: 0.5, Layer: layer, DivideGain: true})
	for i, r := range divided.ResponseAfter {
		if math.Abs(5*r-v.ResponseAfter[i]) > 1e-5*v.ResponseAfter[i] {
			t.Errorf("bin %d: %v with the gain divided out, %v with it", i, r, v.ResponseAfter[i])
		}
	}
	if math.Abs(divided.RoughnessAfter-v.RoughnessAfter) > 1e-6 {
		t.Errorf("roughness %v, %v", divided.RoughnessAfter, v.RoughnessAfter)
	}
	if ask(model.Smoothing{Rho: 0.5, Layer: layer}) != v || ask(model.Smoothing{Rho: 0.5, Layer: layer + ".weight"}) != v {
		t.Error("computed again")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := l.Kernels(ctx, KernelsRequest{Smoothing: model.Smoothing{Rho: 0.7, Layer: layer}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", v, err)
	}
}

// Layers of any shape are drawn whole, and no picture is larger than can be looked at.
func TestKernelsAreDrawn(t *testing.T) {
	for _, c := range []struct{ shape, size [4]int }{
		{[4]int{16, 3, 3, 3}, [4]int{6*52 + 4, 2*(3*52+8) - 4, 52, 52}},
		{[4]int{6, 1, 5, 5}, [4]int{4*84 + 4, 2*(2*84+8) - 4, 84, 84}},
		{[4]int{4, 8, 3, 3}, [4]int{8*52 + 4, 2*(4*52+8) - 4, 52, 52}},
	} {
		s := c.shape
		v := &KernelView{Shape: s, Before: make([]float32, s[0]*s[1]*s[2]*s[3]), After: make([]float32, s[0]*s[1]*s[2]*s[3])}
		v.Before[0], v.After[len(v.After)-1] = 2, -3
		im := drawKernels(v)
		if b := im.Bounds(); b.Dx() != c.size[0] || b.Dy() != c.size[1] {
			t.Errorf("%v: %v, want %v", s, b, c.size)
		}
		if r, _, _, _ := im.At(gapPixels+1, gapPixels+1).RGBA(); r != 0xffff {
			t.Errorf("%v: the largest weight is drawn as %#x", s, r)
		}
	}
	v := &KernelView{Shape: [4]int{256, 512, 3, 3}, Before: make([]float32, 256*512*9), After: make([]float32, 256*512*9)}
	if b := drawKernels(v).Bounds(); b.Dx() > mostPixels || b.Dy() > mostPixels {
		t.Errorf("512 kernels take %v", b)
	}
}
