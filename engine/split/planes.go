package split

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// splitMemory limits the memory of a split, in bytes. A photograph of 24 megapixels fits, also
// with Raw.
const splitMemory = 1_500_000_000

// splitBytes is the peak memory per pixel, reached while the last plane is split.
func splitBytes(channels int, raw bool) int64 {
	const (
		value    = 4
		splitter = 4 + 4 + 4 + 2 + 4 // copy, spectrum, way back, power, amplitudes
		spectrum = value
	)
	image := int64(channels) * value
	if raw {
		return 3*image + splitter + spectrum
	}
	return image + splitter + spectrum + value + pictureBytes(channels)
}

func pictureBytes(channels int) int64 {
	if channels == 1 {
		return 1
	}
	return 4
}

// fits returns an error for an image that would take too much memory.
func (q Request) fits(c, h, w int) error {
	need := splitBytes(c, q.Raw) * int64(h) * int64(w)
	if need <= splitMemory {
		return nil
	}
	shrink := math.Sqrt(splitMemory / float64(need))
	advice := fmt.Sprintf("resize it, e.g. to %d×%d", int(float64(w)*shrink), int(float64(h)*shrink))
	if q.Raw && splitBytes(c, false)*int64(h)*int64(w) <= splitMemory {
		advice += ", or omit --raw"
	}
	return fmt.Errorf("%s: splitting its %d×%d pixels would take %.1f GB of memory, more than the %.1f GB allowed: %s",
		q.Image, w, h, float64(need)/1e9, splitMemory/1e9, advice)
}

// splitting is an image being split, one channel at a time.
type splitting struct {
	q         Request
	result    *Result
	x         *dataset.Image
	low       *dataset.Image // with Raw all channels, else one at a time
	high      *dataset.Image // without Raw it overwrites x
	spectrum  *dataset.Image
	picture   picture    // of the low-pass image, without Raw
	energy    [2]float64 // low, all
	amplitude float64    // log amplitude of the zero frequency, summed over channels
}

// compute decodes and splits the image, checking ctx between channels.
func (q Request) compute(ctx context.Context) (*splitting, error) {
	x, orientation, err := dataset.ReadPhoto(q.Image)
	if err != nil {
		return nil, err
	}
	if err := q.fits(x.C, x.H, x.W); err != nil { // the header may have named fewer channels
		return nil, err
	}
	if x.H*x.W >= tidyPixels {
		runtime.GC() // garbage of the decoder
	}
	s := newSplitting(q, x)
	if orientation != 1 {
		s.result.Orientation = orientation
	}
	splitter := spectral.NewSplitter(x.H, x.W)
	for p := range x.C {
		if err := s.plane(ctx, splitter, p); err != nil {
			return nil, err
		}
	}
	s.finish()
	return s, nil
}

// tidyPixels is the size from which the decoder's garbage is collected before the split.
const tidyPixels = 1 << 20

func newSplitting(q Request, x *dataset.Image) *splitting {
	s := &splitting{q: q, x: x, low: dataset.NewImage(1, x.H, x.W), high: x, spectrum: dataset.NewImage(1, x.H, x.W)}
	if q.Raw {
		s.low, s.high = dataset.NewImage(x.C, x.H, x.W), dataset.NewImage(x.C, x.H, x.W)
	} else {
		s.picture = newPicture(x.C, x.H, x.W)
	}
	s.result = &Result{Width: x.W, Height: x.H, Channels: x.C, R: q.R, Kept: spectral.Kept(x.H, x.W, q.R), Total: x.H * x.W}
	return s
}

// plane splits one channel and adds up its energy and spectrum.
func (s *splitting) plane(ctx context.Context, splitter *spectral.Splitter, p int) error {
	n := len(s.spectrum.Pix)
	x, high, low := s.x.Pix[p*n:][:n], s.high.Pix[p*n:][:n], s.low.Pix
	if s.q.Raw {
		low = low[p*n:][:n]
	}
	sum, variation := moments(x)
	if err := ctx.Err(); err != nil {
		return err
	}
	splitter.Load(x)
	if err := ctx.Err(); err != nil {
		return err
	}
	if low, high := splitter.Energy(s.q.R); low+high > 0 {
		s.energy[0] += low * variation
		s.energy[1] += variation
	}
	splitter.LogSpectrum(high) // scratch space until the split
	// Pixels are not negative, so the zero frequency, their sum, has the largest amplitude:
	// multiplying by it undoes the Splitter's scaling.
	amplitude := math.Log1p(sum)
	s.amplitude += amplitude
	for i, v := range high {
		s.spectrum.Pix[i] += v * float32(amplitude)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	splitter.Split(low, high, s.q.R)
	if !s.q.Raw {
		s.picture.paint(p, low, 1, 0)
	}
	return nil
}

// finish turns the sums over channels into means and fractions.
func (s *splitting) finish() {
	if s.amplitude > 0 {
		for i := range s.spectrum.Pix {
			s.spectrum.Pix[i] /= float32(s.amplitude)
		}
	}
	if s.energy[1] > 0 {
		low := min(s.energy[0]/s.energy[1], 1)
		s.result.Energy = Energy{low, 1 - low}
	}
	s.result.Contrast = spectral.Contrast(s.high.Pix, spectral.LargestContrast)
}

// moments returns the sum of x and the sum of squared deviations from the mean.
func moments(x []float32) (sum, variation float64) {
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		variation += d * d
	}
	return sum, variation
}
