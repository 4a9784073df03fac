package view

import (
	"context"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// scene is an image at one size with its transforms.
type scene struct {
	*dataset.Image
	split    *spectral.Splitter
	spectrum []float32     // of pictures
	svd      *spectral.SVD // nil until needed
}

func newScene(im *dataset.Image) *scene {
	s := &scene{Image: im, split: spectral.NewSplitter(im.H, im.W)}
	s.split.Load(im.Pix)
	return s
}

func (s *scene) addSpectrum() {
	s.spectrum = make([]float32, s.H*s.W)
	s.split.LogSpectrum(s.spectrum)
}

// parts are the low-pass and the high-pass image of a scene, as View describes them.
type parts struct {
	low, high             []float32
	kept, total           int
	energyLow, energyHigh float64
	matched               float64
}

// divide splits the scene at radius r. It checks ctx before slow steps.
func (s *scene) divide(ctx context.Context, r float64, by bands.Decomposition) (parts, error) {
	p := parts{low: make([]float32, len(s.Pix)), high: make([]float32, len(s.Pix))}
	s.split.Split(p.low, p.high, r)
	if by == bands.Fourier {
		p.energyLow, p.energyHigh = s.split.Energy(r)
		p.kept, p.total = spectral.Kept(s.H, s.W, r), s.H*s.W
		return p, nil
	}
	if s.svd == nil {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		svd := spectral.NewSVD(s.H, s.W)
		if err := svd.Load(s.Pix); err != nil {
			return p, err
		}
		s.svd = svd
	}
	p.kept, p.matched = s.svd.Matched(p.high)
	p.total = s.svd.MaxRank()
	p.energyLow, p.energyHigh = s.svd.Energy(p.kept)
	s.svd.Split(p.low, p.high, p.kept)
	return p, nil
}
