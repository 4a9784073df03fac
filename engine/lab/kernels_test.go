package lab

import (
	"context"
	"errors"
	"testing"

	"hfcui/engine/kernels"
	"hfcui/engine/model"
)

// A view is computed once; a canceled one is an error.
func TestKernelViews(t *testing.T) {
	l := openSmall(t)
	layer := "layer3.0.conv2"
	ask := func(s model.Smoothing) *kernels.View {
		t.Helper()
		v, err := l.Kernels(t.Context(), KernelsRequest{Smoothing: s})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := ask(model.Smoothing{Rho: 0.5, Layer: layer})
	if v.Layer != layer+".weight" || v.Rho != 0.5 || v.RoughnessAfter >= v.RoughnessBefore || v.Model != "small" {
		t.Errorf("%s of %s, ρ %v, roughness %v, %v", v.Layer, v.Model, v.Rho, v.RoughnessBefore, v.RoughnessAfter)
	}
	if ask(model.Smoothing{Rho: 0.5, Layer: layer}) != v || ask(model.Smoothing{Rho: 0.5, Layer: layer + ".weight"}) != v {
		t.Error("computed again")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := l.Kernels(ctx, KernelsRequest{Smoothing: model.Smoothing{Rho: 0.7, Layer: layer}}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v, %v", v, err)
	}
}
