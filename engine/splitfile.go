package engine

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// SplitRequest asks for one image file to be split at its own size.
type SplitRequest struct {
	Image string
	R     float64
	Dir   string // where the files go; made when it is not there
	Raw   bool   // also write the numbers
}

// SplitResult says what a split left on each side.
type SplitResult struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Channels int     `json:"channels"`
	R        float64 `json:"r"`
	Kept     int     `json:"kept"`  // coefficients in the low part
	Total    int     `json:"total"` // of so many
	Energy   Energy  `json:"energy"`

	Contrast float64  `json:"-"` // what the high part was multiplied by in its picture
	Files    []string `json:"-"` // what was written
}

// Energy is how the energy without the mean's is shared.
type Energy struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// SplitFile splits an image and writes low.png, high.png (about mid-grey, by the result's
// Contrast) and spectrum.png, and with Raw split.safetensors: x, low and high as CHW
// float32, never clipped. Each file is written whole or not at all.
func SplitFile(ctx context.Context, q SplitRequest) (*SplitResult, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	set, err := dataset.OpenImages([]string{q.Image})
	if err != nil {
		return nil, err
	}
	x, err := set.Image(0)
	if err != nil {
		return nil, err
	}
	splitter := spectral.NewSplitter(x.H, x.W)
	splitter.Load(x.Pix)
	low, high := dataset.NewImage(x.C, x.H, x.W), dataset.NewImage(x.C, x.H, x.W)
	splitter.Split(low.Pix, high.Pix, q.R)
	spectrum := dataset.NewImage(1, x.H, x.W)
	splitter.LogSpectrum(spectrum.Pix)
	result := &SplitResult{Width: x.W, Height: x.H, Channels: x.C, R: q.R,
		Kept: spectral.Kept(x.H, x.W, q.R), Total: x.H * x.W, Contrast: contrast(high.Pix)}
	result.Energy.Low, result.Energy.High = splitter.Energy(q.R)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(q.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("output folder: %w", err)
	}
	pictures := []struct {
		name       string
		of         *dataset.Image
		gain, lift float64
	}{{"low.png", low, 1, 0}, {"high.png", high, result.Contrast, 0.5}, {"spectrum.png", spectrum, 1, 0}}
	for _, p := range pictures {
		write := func(w io.Writer) error { return png.Encode(w, pixels(p.of, p.gain, p.lift)) }
		if err := result.write(ctx, filepath.Join(q.Dir, p.name), write); err != nil {
			return nil, err
		}
	}
	if q.Raw {
		path := filepath.Join(q.Dir, "split.safetensors")
		if err := checkpoints.WriteSafetensors(path, rawSplit(q.R, x, low, high)); err != nil {
			return nil, err
		}
		result.Files = append(result.Files, path)
	}
	return result, nil
}

// write writes one file, unless ctx has ended.
func (s *SplitResult) write(ctx context.Context, path string, write func(io.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkpoints.WriteAtomic(path, write); err != nil {
		return err
	}
	s.Files = append(s.Files, path)
	return nil
}

func rawSplit(r float64, x, low, high *dataset.Image) *checkpoints.File {
	tensor := func(im *dataset.Image) *checkpoints.Tensor {
		return &checkpoints.Tensor{Shape: []int{im.C, im.H, im.W}, Data: im.Pix}
	}
	return &checkpoints.File{
		Tensors:  map[string]*checkpoints.Tensor{"x": tensor(x), "low": tensor(low), "high": tensor(high)},
		Order:    []string{"x", "low", "high"},
		Metadata: map[string]string{"hfcui.r": strconv.FormatFloat(r, 'g', -1, 64)},
	}
}

const (
	contrastSamples  = 1 << 16
	contrastQuantile = 0.995
	largestContrast  = 32 // more would show rounding, not the image
)

// contrast returns the factor, of two digits, that makes nearly all of a picture around
// zero fit into [-0.5, 0.5] and fill it.
func contrast(pix []float32) float64 {
	stride := len(pix)/contrastSamples + 1
	var sizes []float64
	for i := 0; i < len(pix); i += stride {
		sizes = append(sizes, math.Abs(float64(pix[i])))
	}
	slices.Sort(sizes)
	size := sizes[int(contrastQuantile*float64(len(sizes)-1))]
	gain := math.Min(0.5/math.Max(size, 1e-12), largestContrast)
	short, _ := strconv.ParseFloat(strconv.FormatFloat(gain, 'g', 2, 64), 64)
	return short
}

// pixels renders gain*x+lift with eight bits a channel, values outside [0,1] clipped.
func pixels(x *dataset.Image, gain, lift float64) image.Image {
	level := func(c, i int) uint8 {
		v := gain*float64(x.Pix[c*x.H*x.W+i]) + lift
		return uint8(math.Round(255 * min(max(v, 0), 1)))
	}
	box := image.Rect(0, 0, x.W, x.H)
	if x.C == 1 {
		gray := image.NewGray(box)
		for i := range gray.Pix {
			gray.Pix[i] = level(0, i)
		}
		return gray
	}
	rgb := image.NewRGBA(box)
	for i := range x.H * x.W {
		rgb.SetRGBA(i%x.W, i/x.W, color.RGBA{level(0, i), level(1, i), level(2, i), 255})
	}
	return rgb
}
