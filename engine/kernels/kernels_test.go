package kernels

import (
	"math"
	"slices"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/spectral"
)

// The response is the mean over all kernels, in however many pieces they are computed.
func TestCompute(t *testing.T) {
	m, err := model.New("resnet8-w8", [3]int{3, 32, 32}, slices.Repeat([]string{"class"}, 10), nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	layer := "layer3.0.conv2"
	ask := func(s model.Smoothing) *View {
		t.Helper()
		v, err := Compute(t.Context(), m, s)
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
	divided := ask(model.Smoothing{Rho: 0.5, Layer: layer, DivideGain: true})
	for i, r := range divided.ResponseAfter {
		if math.Abs(5*r-v.ResponseAfter[i]) > 1e-5*v.ResponseAfter[i] {
			t.Errorf("bin %d: %v with the gain divided out, %v with it", i, r, v.ResponseAfter[i])
		}
	}
	if math.Abs(divided.RoughnessAfter-v.RoughnessAfter) > 1e-6 {
		t.Errorf("roughness %v, %v", divided.RoughnessAfter, v.RoughnessAfter)
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
		v := &View{Shape: s, Before: make([]float32, s[0]*s[1]*s[2]*s[3]), After: make([]float32, s[0]*s[1]*s[2]*s[3])}
		v.Before[0], v.After[len(v.After)-1] = 2, -3
		im := drawKernels(v)
		if b := im.Bounds(); b.Dx() != c.size[0] || b.Dy() != c.size[1] {
			t.Errorf("%v: %v, want %v", s, b, c.size)
		}
		if r, _, _, _ := im.At(gapPixels+1, gapPixels+1).RGBA(); r != 0xffff {
			t.Errorf("%v: the largest weight is drawn as %#x", s, r)
		}
	}
	v := &View{Shape: [4]int{256, 512, 3, 3}, Before: make([]float32, 256*512*9), After: make([]float32, 256*512*9)}
	if b := drawKernels(v).Bounds(); b.Dx() > mostPixels || b.Dy() > mostPixels {
		t.Errorf("512 kernels take %v", b)
	}
}
