package split

import (
	"context"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strconv"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// writeAll writes all files in turn; the pictures share one buffer.
func (s *splitting) writeAll(ctx context.Context, dir string) error {
	low := s.picture
	if s.q.Raw {
		low = newPicture(s.low.C, s.low.H, s.low.W)
		low.paintAll(s.low, 1, 0)
	}
	if err := s.result.write(ctx, filepath.Join(dir, "low.png"), low.encode); err != nil {
		return err
	}
	high := low
	high.paintAll(s.high, s.result.Contrast, 0.5)
	if err := s.result.write(ctx, filepath.Join(dir, "high.png"), high.encode); err != nil {
		return err
	}
	spectrum := newPicture(1, s.spectrum.H, s.spectrum.W)
	spectrum.paintAll(s.spectrum, 1, 0)
	if err := s.result.write(ctx, filepath.Join(dir, "spectrum.png"), spectrum.encode); err != nil {
		return err
	}
	if !s.q.Raw {
		return nil
	}
	raw := func(w io.Writer) error { return checkpoints.EncodeSafetensors(w, s.raw()) }
	return s.result.write(ctx, filepath.Join(dir, "split.safetensors"), raw)
}

// raw returns the content of split.safetensors.
func (s *splitting) raw() *checkpoints.File {
	tensor := func(im *dataset.Image) *checkpoints.Tensor {
		return &checkpoints.Tensor{Shape: []int{im.C, im.H, im.W}, Data: im.Pix}
	}
	return &checkpoints.File{
		Tensors:  map[string]*checkpoints.Tensor{"x": tensor(s.x), "low": tensor(s.low), "high": tensor(s.high)},
		Order:    []string{"x", "low", "high"},
		Metadata: map[string]string{"hfcui.r": strconv.FormatFloat(s.q.R, 'g', -1, 64)},
	}
}

// write writes one file atomically, unless ctx ends first.
func (s *Result) write(ctx context.Context, path string, write func(io.Writer) error) error {
	err := checkpoints.WriteAtomic(path, func(w io.Writer) error { return write(contextWriter{ctx, w}) })
	if ended := ctx.Err(); ended != nil && err != nil {
		return ended
	}
	if err != nil {
		return err
	}
	s.Files = append(s.Files, path)
	return nil
}

// contextWriter fails once its context has ended.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// picture is an image with eight bits per channel: gray is set for one channel, rgb for three.
type picture struct {
	gray *image.Gray
	rgb  *image.RGBA
}

func newPicture(c, h, w int) picture {
	box := image.Rect(0, 0, w, h)
	if c == 1 {
		return picture{gray: image.NewGray(box)}
	}
	p := picture{rgb: image.NewRGBA(box)}
	for i := 3; i < len(p.rgb.Pix); i += 4 {
		p.rgb.Pix[i] = 255
	}
	return p
}

// paint renders gain*x+offset into a channel, clipped to [0,1].
func (p picture) paint(channel int, x []float32, gain, offset float64) {
	to, stride := []uint8(nil), 4
	if p.gray != nil {
		to, stride = p.gray.Pix, 1
	} else {
		to = p.rgb.Pix[channel:]
	}
	spectral.Quantize(to, stride, x, gain, offset)
}

func (p picture) paintAll(x *dataset.Image, gain, offset float64) {
	n := x.H * x.W
	for c := range x.C {
		p.paint(c, x.Pix[c*n:][:n], gain, offset)
	}
}

func (p picture) encode(w io.Writer) error {
	if p.gray != nil {
		return png.Encode(w, p.gray)
	}
	return png.Encode(w, p.rgb)
}
