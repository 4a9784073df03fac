package engine

import (
	"fmt"
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

// maxRho keeps smoothed weights, and what is computed with them, within float32. By far:
// the paper goes up to 1, and beyond 100 kernels are their neighbours' sums and no more.
const maxRho = 1e6

// CheckRho refuses strengths of smoothing that are not numbers, negative or excessive.
func CheckRho(rho float64) error {
	if math.IsNaN(rho) || rho < 0 || rho > maxRho {
		return fmt.Errorf("rho %v: the strength of smoothing is a number from 0 to %g", rho, maxRho)
	}
	return nil
}

// Kernels describes the first convolution before and after smoothing by rho.
func (l *Lab) Kernels(rho float64) KernelView { return Kernels(l.Model(), rho) }

// Kernels describes a model's first convolution before and after smoothing by rho.
func Kernels(m *model.Model, rho float64) KernelView {
	w := m.Weights[m.FirstConv()]
	o, i, kh, kw := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
	after := smoothedKernels(m, rho)
	return KernelView{
		Layer: m.FirstConv(), Shape: [4]int{o, i, kh, kw}, Rho: rho, Before: w.Data, After: after,
		RoughnessBefore: spectral.Roughness(w.Data, o, i, kh, kw),
		RoughnessAfter:  spectral.Roughness(after, o, i, kh, kw),
		ResponseBefore:  spectral.Response(w.Data, o, i, kh, kw, responseSize, responseBins),
		ResponseAfter:   spectral.Response(after, o, i, kh, kw, responseSize, responseBins),
	}
}
