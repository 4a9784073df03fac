package engine

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

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
func (l *Lab) Kernels(ctx context.Context, q KernelsRequest) (*KernelView, error) {
	defer l.gate.enter()()
	now, end, err := l.beside(ctx, q.Model)
	if err != nil {
		return nil, err
	}
	defer end()
	return now.kernels.get(ctx, now.model, q.Smoothing)
}

// Kernels describes one of a model's convolutions before and after smoothing. The error
// says that there is no such layer, or no such strength.
func Kernels(ctx context.Context, m *model.Model, s model.Smoothing) (*KernelView, error) {
	layer, after, err := m.Smoothed(s)
	if err != nil {
		return nil, err
	}
	w := m.Weights[layer]
	shape := [4]int(w.Shape)
	v := &KernelView{Model: m.Name, Layer: layer, Shape: shape, Rho: s.Rho, DivideGain: s.DivideGain, Before: w.Data, After: after}
	v.RoughnessBefore = spectral.Roughness(v.Before, shape[0], shape[1], shape[2], shape[3])
	v.RoughnessAfter = spectral.Roughness(v.After, shape[0], shape[1], shape[2], shape[3])
	if v.ResponseBefore, err = response(ctx, v.Before, shape); err != nil {
		return nil, err
	}
	v.ResponseAfter, err = response(ctx, v.After, shape)
	return v, err
}

// responsePiece is how many kernels' responses are computed at a time.
const responsePiece = 4096

// response is spectral.Response, computed in pieces on all cores, until ctx ends.
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

// kernelViewsKept bounds how many views of a model's kernels are remembered.
const kernelViewsKept = 4

// kernelViews remembers what was looked at last: the same kernels are drawn again whenever
// something else on screen changes.
type kernelViews struct {
	mu    sync.Mutex
	views []*KernelView // the last one at the end
}

func (k *kernelViews) get(ctx context.Context, m *model.Model, s model.Smoothing) (*KernelView, error) {
	layer, err := m.Convolution(s.Layer)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	for _, v := range k.views {
		if v.Layer == layer && v.Rho == s.Rho && v.DivideGain == s.DivideGain {
			k.mu.Unlock()
			return v, nil
		}
	}
	k.mu.Unlock()
	v, err := Kernels(ctx, m, s)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.views = append(k.views, v); len(k.views) > kernelViewsKept {
		k.views = slices.Delete(k.views, 0, 1)
	}
	return v, nil
}

// SaveSmoothed writes a model with smoothed kernels into a safetensors file that is not
// there yet; its metadata says what was done. With ρ 0 there is nothing to save.
func (l *Lab) SaveSmoothed(ctx context.Context, path string, q KernelsRequest) error {
	now, end, err := l.beside(ctx, q.Model)
	if err != nil {
		return err
	}
	defer end()
	return SaveSmoothed(path, now.model, q.Smoothing)
}

// SaveSmoothed is Lab.SaveSmoothed for any model.
func SaveSmoothed(path string, m *model.Model, s model.Smoothing) error {
	if s.Rho == 0 {
		return errors.New("with ρ 0 the kernels stay as they are: nothing is saved; give a strength")
	}
	smoothed, err := m.WithSmoothing(s)
	if err != nil {
		return err
	}
	return smoothed.SaveNew(path)
}
