package engine

import (
	"context"
	"math"

	"hfcui/engine/model"
	"hfcui/spectral"
)

const (
	// responseSize is the side kernels are zero-padded to before their frequency
	// response is taken: that of the images of CIFAR-10, so that distances in it are
	// those of the band curves. The bins are not whole radii: see ResponseBin.
	responseSize = 32
	responseBins = 24
)

// ResponseBin returns which radii element i of a KernelView's responses averages: those
// from one to below the other. The last one includes the corner.
func ResponseBin(i int) (from, to float64) {
	width := math.Sqrt2 * (responseSize / 2) / responseBins
	return float64(i) * width, float64(i+1) * width
}

// KernelsRequest asks for a convolution's kernels as they are and smoothed.
type KernelsRequest struct {
	Model string // as Lab.OpenBeside has it; "" is the open one
	// Smoothing's Layer is the one to show, "" being the first, also where Rho is 0.
	model.Smoothing
}

// Kernels describes a convolution before and after smoothing.
func (l *Lab) Kernels(ctx context.Context, q KernelsRequest) (KernelView, error) {
	now, end, err := l.beside(ctx, q.Model)
	if err != nil {
		return KernelView{}, err
	}
	defer end()
	return Kernels(now.model, q.Smoothing)
}

// Kernels describes one of a model's convolutions before and after smoothing. The error
// says that there is no such layer, or no such strength.
func Kernels(m *model.Model, s model.Smoothing) (KernelView, error) {
	layer, after, err := m.Smoothed(s)
	if err != nil {
		return KernelView{}, err
	}
	w := m.Weights[layer]
	o, i, kh, kw := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
	return KernelView{
		Model: m.Name, Layer: layer, Shape: [4]int{o, i, kh, kw}, Rho: s.Rho, DivideGain: s.DivideGain, Before: w.Data, After: after,
		RoughnessBefore: spectral.Roughness(w.Data, o, i, kh, kw),
		RoughnessAfter:  spectral.Roughness(after, o, i, kh, kw),
		ResponseBefore:  spectral.Response(w.Data, o, i, kh, kw, responseSize, responseBins),
		ResponseAfter:   spectral.Response(after, o, i, kh, kw, responseSize, responseBins),
	}, nil
}
