package benchmark

import (
	"context"
	"math/rand/v2"

	"hfcui/spectral"
)

// splitJob splits a batch of random RGB images at all radii.
func splitJob(c Config) job {
	x := noise(rand.New(rand.NewPCG(1, 2)), c.Batch*3*c.Height*c.Width)
	split := spectral.NewBatch(c.Height, c.Width, c.Threads)
	low, high := parts(c, len(x)), parts(c, len(x))
	run := func(context.Context) error {
		split.Split(low, high, x, c.Radii)
		return nil
	}
	return job{images: c.Batch, run: run, close: func() error { return nil }}
}

// pictures is the number of different pictures per run of pictureJob, since encoders may cache
// the last one.
const pictures = 8

// pictureJob encodes pictures that are smooth with fine noise, as photographs are.
func pictureJob(c Config) job {
	random := rand.New(rand.NewPCG(1, 2))
	n := c.Height * c.Width
	low := make([]float32, 3*n)
	s := spectral.NewSplitter(c.Height, c.Width)
	var all [pictures][]byte
	for k := range all {
		x := noise(random, 3*n)
		s.Load(x)
		s.Split(low, nil, 6)
		pixels, gain := make([]byte, 3*n), contrast(low)
		for i := range n {
			for ch := range 3 {
				v := 0.5 + gain*(low[ch*n+i]-0.5) + 0.05*(x[ch*n+i]-0.5)
				pixels[3*i+ch] = uint8(255 * min(max(v, 0), 1))
			}
		}
		all[k] = pixels
	}
	run := func(ctx context.Context) error {
		for _, pixels := range all {
			c.Encode(c.Width, c.Height, pixels)
		}
		return ctx.Err()
	}
	return job{images: pictures, run: run, close: func() error { return nil }}
}

// contrast returns the factor that stretches numbers around 0.5 to [0.1, 0.9].
func contrast(x []float32) float32 {
	widest := float32(1e-6)
	for _, v := range x {
		widest = max(widest, v-0.5, 0.5-v)
	}
	return 0.4 / widest
}
