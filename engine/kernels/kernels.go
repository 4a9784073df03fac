// Package kernels describes the kernels of a convolution before and after smoothing: their
// roughness, their frequency response and a picture of them.
package kernels

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"hfcui/engine/model"
	"hfcui/spectral"
)

const (
	// responseSize is the side to which kernels are zero-padded before their frequency
	// response is computed: that of CIFAR-10 images, so that radii are those of the band
	// curves. The bins are not whole radii: see ResponseBin.
	responseSize = 32
	responseBins = 24
)

// ResponseBin returns the half-open range [from, to) of radii that element i of a View's
// responses averages. The last one includes the corner.
func ResponseBin(i int) (from, to float64) {
	width := math.Sqrt2 * (responseSize / 2) / responseBins
	return float64(i) * width, float64(i+1) * width
}

// View is a convolution before and after smoothing. It is read-only.
type View struct {
	Model                           string // name of the model, safe to print
	Layer                           string // of the weights: "conv1.weight"
	Shape                           [4]int // out, in, height, width
	Rho                             float64
	DivideGain                      bool      // After is divided by 1+8·Rho
	Before, After                   []float32 // weights, OIHW
	RoughnessBefore, RoughnessAfter float64
	ResponseBefore, ResponseAfter   []float64 // mean |DFT| per radial bin, low to high
}

// Compute describes one of a model's convolutions before and after smoothing. An unknown layer
// and an invalid ρ are errors.
func Compute(ctx context.Context, m *model.Model, s model.Smoothing) (*View, error) {
	layer, after, err := m.Smoothed(s)
	if err != nil {
		return nil, err
	}
	w := m.Weights[layer]
	shape := [4]int(w.Shape)
	v := &View{Model: m.Name, Layer: layer, Shape: shape, Rho: s.Rho, DivideGain: s.DivideGain, Before: w.Data, After: after}
	v.RoughnessBefore = spectral.Roughness(v.Before, shape[0], shape[1], shape[2], shape[3])
	v.RoughnessAfter = spectral.Roughness(v.After, shape[0], shape[1], shape[2], shape[3])
	if v.ResponseBefore, err = response(ctx, v.Before, shape); err != nil {
		return nil, err
	}
	v.ResponseAfter, err = response(ctx, v.After, shape)
	return v, err
}

// responsePiece is the number of kernels whose responses are computed at a time.
const responsePiece = 4096

// response computes spectral.Response in pieces on all cores.
func response(ctx context.Context, w []float32, shape [4]int) ([]float64, error) {
	kernels, size := shape[0]*shape[1], shape[2]*shape[3]
	pieces := make([][]float64, (kernels+responsePiece-1)/responsePiece)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(len(pieces), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pieces) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				from, to := i*responsePiece, min((i+1)*responsePiece, kernels)
				pieces[i] = spectral.Response(w[from*size:to*size], to-from, 1, shape[2], shape[3], responseSize, responseBins)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mean := make([]float64, responseBins)
	for i, piece := range pieces {
		share := float64(min(responsePiece, kernels-i*responsePiece)) / float64(kernels)
		for bin, v := range piece {
			mean[bin] += share * v
		}
	}
	return mean, nil
}

// SaveSmoothed writes a model with smoothed kernels into a safetensors file that does not exist
// yet; its metadata records the smoothing. With ρ 0 there is nothing to save.
func SaveSmoothed(path string, m *model.Model, s model.Smoothing) error {
	if s.Rho == 0 {
		return errors.New("ρ is 0, so the kernels are unchanged: nothing to save; set ρ above 0")
	}
	smoothed, err := m.WithSmoothing(s)
	if err != nil {
		return err
	}
	return smoothed.SaveNew(path)
}
