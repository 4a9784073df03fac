package experiment

import (
	"image"
	"image/draw"
	"math"

	"hfcui/engine/model"
	"hfcui/spectral"
)

// Kernels measures the roughness of the first layer's kernels, smoothed by each ρ. Roughness is the
// energy of differences between neighboring weights over the energy of the weights, which is
// invariant to gain.
type Kernels struct {
	Rhos []float64 `json:"rhos"`
}

// KernelResults is the result of Kernels.
type KernelResults struct {
	Roughness []float64 `json:"roughness"` // by ρ
	Shape     [4]int    `json:"shape"`     // of the weights: OIHW
	Weights   []float32 `json:"weights"`   // unsmoothed
}

func (k Kernels) check() error {
	for _, rho := range k.Rhos {
		if err := model.CheckRho(rho); err != nil {
			return err
		}
	}
	return nil
}

func (s subject) kernels(k Kernels) (*KernelResults, error) {
	t := s.model.Weights[s.model.FirstConv()]
	f := &KernelResults{Shape: [4]int(t.Shape), Weights: t.Data}
	for _, rho := range k.Rhos {
		_, w, err := s.model.Smoothed(model.Smoothing{Rho: rho})
		if err != nil {
			return nil, err
		}
		f.Roughness = append(f.Roughness, spectral.Roughness(w, f.Shape[0], f.Shape[1], f.Shape[2], f.Shape[3]))
	}
	return f, nil
}

func kernelResults(r Run, i int) *KernelResults {
	if i >= len(r.After) {
		return nil
	}
	return r.After[i].Kernels
}

// roughness is that of kernels smoothed by the k-th ρ of the i-th measurement.
func roughness(i, k int) Quantity {
	return func(r Run) float64 {
		f := kernelResults(r, i)
		if f == nil || k >= len(f.Roughness) {
			return math.NaN()
		}
		return f.Roughness[k]
	}
}

// strip is a row of kernels in an image.
type strip struct {
	shape [4]int
	w     []float32
}

// Sizes in images of kernels, in pixels.
const (
	weightPixels = 12 // side of the square a weight is drawn as
	kernelGap    = 4  // between kernels
)

// drawStrips draws strips one below the other. Contrast is stretched per kernel, to show its shape.
func drawStrips(strips []strip) image.Image {
	w, h := kernelGap, kernelGap
	for _, s := range strips {
		w = max(w, kernelGap+s.shape[0]*(s.shape[3]*weightPixels+kernelGap))
		h += s.shape[2]*weightPixels + 2*kernelGap
	}
	canvas := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	y := kernelGap
	for _, s := range strips {
		size := s.shape[1] * s.shape[2] * s.shape[3]
		for k := range s.shape[0] {
			at, w := image.Pt(kernelGap+k*(s.shape[3]*weightPixels+kernelGap), y), s.w[k*size:][:size]
			model.DrawKernel(canvas, at, weightPixels, w, [3]int(s.shape[1:]), model.LargestWeight(w))
		}
		y += s.shape[2]*weightPixels + 2*kernelGap
	}
	return canvas
}
