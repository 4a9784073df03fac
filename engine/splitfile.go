package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

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

// SplitFile splits an image and writes low.png, high.png (about mid-grey by the result's
// Contrast) and spectrum.png, and with Raw split.safetensors: x, low and high as CHW
// float32, never clipped. Each file is written whole or not at all. An image that would
// take more than splitMemory is refused. When ctx ends SplitFile returns at once; what was
// being computed is then abandoned to a goroutine that ends at its next step.
func SplitFile(ctx context.Context, q SplitRequest) (*SplitResult, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	c, h, w, err := dataset.ImageSize(q.Image)
	if err != nil {
		return nil, err
	}
	if err := q.fits(c, h, w); err != nil {
		return nil, err
	}
	s, err := abandonable(ctx, func() (*splitting, error) { return q.compute(ctx) })
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(q.Dir, 0o755); err != nil {
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("output folder %s: %w: name one that may be written with -o", q.Dir, err)
	}
	if err := s.writeAll(ctx, q.Dir); err != nil {
		return nil, err
	}
	return s.result, nil
}

// abandonable returns what do returns, or ctx's error as soon as ctx ends.
func abandonable[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		value    T
		err      error
		panicked any
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			o.panicked = recover()
			done <- o
		}()
		o.value, o.err = do()
	}()
	select {
	case o := <-done:
		if o.panicked != nil {
			panic(o.panicked) // where it can be recovered
		}
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
