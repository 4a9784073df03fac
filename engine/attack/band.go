package attack

import (
	"runtime"

	"hfcui/engine/measure"
	"hfcui/spectral"
)

// bandLimit projects perturbations of one size onto a band: the orthogonal projection that removes
// all other frequencies of each channel.
type bandLimit struct {
	band   Band
	h, w   int
	radii  []float64
	split  *spectral.Batch
	inside [2][]float32 // low-pass components at the radii
}

func newBandLimit(b Band, h, w int) *bandLimit {
	l := &bandLimit{band: b, h: h, w: w, radii: []float64{b.R}, split: spectral.NewBatch(h, w, runtime.GOMAXPROCS(0))}
	if b.Part == Ring {
		l.radii = append(l.radii, b.To)
	}
	return l
}

// fits reports whether l is for images of that size.
func (l *bandLimit) fits(h, w int) bool { return l != nil && l.h == h && l.w == w }

// project removes frequencies outside the band from perturbations.
func (l *bandLimit) project(delta []float32) {
	for i := range l.radii {
		l.inside[i] = measure.Resize(l.inside[i], len(delta))
	}
	parts := l.inside[:len(l.radii)]
	switch l.band.Part {
	case Low:
		l.split.Split(parts, nil, delta, l.radii)
		copy(delta, parts[0])
	case High:
		l.split.Split(nil, parts, delta, l.radii)
		copy(delta, parts[0])
	case Ring:
		l.split.Split(parts, nil, delta, l.radii)
		for i := range delta {
			delta[i] = parts[1][i] - parts[0][i]
		}
	}
}
