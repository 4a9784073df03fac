// Package split decomposes one image file, at its own size, into its low-pass and high-pass
// images and writes them as files.
package split

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// Request says which file to split and where to write the result.
type Request struct {
	Image string
	R     float64 // cutoff radius in cycles per image
	Dir   string  // output folder, created if it does not exist
	Raw   bool    // also write split.safetensors
}

// Result describes a split.
type Result struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Channels int     `json:"channels"`
	R        float64 `json:"r"`
	Kept     int     `json:"kept"`  // coefficients in the low-pass image
	Total    int     `json:"total"` // coefficients in all
	Energy   Energy  `json:"energy"`
	// Orientation is the EXIF orientation that the image was turned from; 0 if it was not.
	Orientation int `json:"orientation,omitempty"`

	Contrast float64  `json:"-"` // gain of the high-pass image in high.png
	Files    []string `json:"-"` // paths written
}

// Energy is the fractions of the energy, that of the mean excluded, below and above the cutoff.
type Energy struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// File splits an image and writes low.png, high.png (around mid-gray, with the result's
// Contrast as gain) and spectrum.png, and with Raw split.safetensors: x, low and high as CHW
// float32, never clipped. Each file is written completely or not at all. An image that would
// take more than splitMemory is an error. File returns as soon as ctx ends; the computation is
// then abandoned to a goroutine that ends at its next step.
func File(ctx context.Context, q Request) (*Result, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	c, h, w, err := dataset.PhotoSize(q.Image)
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
		return nil, fmt.Errorf("output folder %s: %w: use a writable one with -o", q.Dir, err)
	}
	if err := s.writeAll(ctx, q.Dir); err != nil {
		return nil, err
	}
	return s.result, nil
}

// abandonable returns the result of do, or the error of ctx as soon as ctx ends.
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
