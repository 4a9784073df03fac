package plan

import (
	"errors"
	"fmt"
)

// Images are training images: of eight bits, where a pixel's value is its byte divided by 255, in
// float32, or of any values.
type Images struct {
	Pixels  []byte    // [N,C,H,W]
	Values  []float32 // replaces Pixels, e.g. for low-pass images
	C, H, W int
}

// Len returns the number of images; 0 for nil.
func (m *Images) Len() int {
	if m == nil {
		return 0
	}
	return max(len(m.Pixels), len(m.Values)) / (m.C * m.H * m.W)
}

// Pick is an image of a batch: which, and how it is moved.
type Pick struct {
	Index int32 // of the image
	// DY and DX shift it, with zeros around: the pixel at (y,x) of the result is the one at
	// (y+DY, x+DX). Mirror flips it horizontally first.
	DY, DX int32
	Mirror bool
}

// Picks is a batch of kept images.
type Picks struct {
	Images []Pick // [N]
	// Others mixes (mixup): image i becomes Share·i + OtherShare·Others[i], both of them moved
	// before; nil: no mixing.
	Others            []int32
	Share, OtherShare float32
}

// ImageKeeper is a Learner that can keep training images in its memory, so that a step needs only
// the Picks of its batch.
type ImageKeeper interface {
	Learner
	// KeepImages copies images to the learner's memory, before the first step that picks from them.
	// They have the shape of Training.Input's. Those kept before are dropped. An error, such as
	// that of memory, leaves none kept; steps on Batch.Images are always possible.
	KeepImages(m *Images) error
}

// CheckPicked is CheckBatch for a batch of images of which so many are kept.
func (t *Training) CheckPicked(b *Batch, kept int) error {
	if kept == 0 {
		return errors.New("a batch of kept images, but none are kept")
	}
	whole := *b
	whole.Picks, whole.Images = nil, nil
	if err := t.checkBatch(&whole, false); err != nil {
		return err
	}
	if b.Images != nil {
		return errors.New("a batch of both kept and given images")
	}
	return b.Picks.check(len(b.Labels), kept)
}

// check returns an error unless they are n images of those that are kept.
func (p *Picks) check(n, kept int) error {
	if len(p.Images) != n || p.Others != nil && len(p.Others) != n {
		return fmt.Errorf("%d picks and %d others for a batch of %d images", len(p.Images), len(p.Others), n)
	}
	for i, q := range p.Images {
		if int(q.Index) >= kept || q.Index < 0 {
			return fmt.Errorf("image %d in the batch is number %d of %d kept images", i, q.Index, kept)
		}
	}
	for i, other := range p.Others {
		if int(other) >= n || other < 0 {
			return fmt.Errorf("image %d is mixed with number %d of a batch of %d", i, other, n)
		}
	}
	return nil
}

// Fill writes the picked images to dst [N,C,H,W]. source is a buffer of dst's size.
func (m *Images) Fill(dst, source []float32, p *Picks) {
	size := m.C * m.H * m.W
	for i, q := range p.Images {
		image, from := dst[i*size:(i+1)*size], source[:size]
		if m.Values != nil {
			copy(image, m.Values[int(q.Index)*size:])
		} else {
			for k, v := range m.Pixels[int(q.Index)*size:][:size] {
				image[k] = float32(v) / 255
			}
		}
		if q.moves() {
			copy(from, image)
			q.Move(image, from, m.H, m.W)
		}
	}
	p.Mix(dst, source, size)
}

func (q Pick) moves() bool { return q.DY != 0 || q.DX != 0 || q.Mirror }

// MoveAll moves every image of x [N,C,h,w] in place as picked; source is a buffer for one image of
// size elements.
func (p *Picks) MoveAll(x, source []float32, size, h, w int) {
	for i, q := range p.Images {
		if q.moves() {
			image := x[i*size : (i+1)*size]
			copy(source, image)
			q.Move(image, source[:size], h, w)
		}
	}
}

// Move writes the image source [C,h,w], flipped and shifted, to dst.
func (q Pick) Move(dst, source []float32, h, w int) {
	dy, dx := int(q.DY), int(q.DX)
	// A row is zeros, pixels of the image, zeros.
	before := min(max(-dx, 0), w)
	inside := max(w-max(dx, -dx), 0)
	from := max(dx, 0)
	for y := range len(source) / w {
		row := dst[y*w : (y+1)*w]
		if line := y%h + dy; line < 0 || line >= h || inside == 0 {
			clear(row)
			continue
		}
		line := source[(y+dy)*w : (y+dy+1)*w]
		clear(row[:before])
		clear(row[before+inside:])
		row = row[before : before+inside]
		if !q.Mirror {
			copy(row, line[from:])
			continue
		}
		line = line[w-from-inside : w-from]
		for x := range row {
			row[x] = line[len(line)-1-x]
		}
	}
}

// Mix mixes the images of x, of size elements each, in place; source is a buffer of x's size.
func (p *Picks) Mix(x, source []float32, size int) {
	if p.Others == nil {
		return
	}
	copy(source, x)
	for i, j := range p.Others {
		image, other := x[i*size:(i+1)*size], source[int(j)*size:(int(j)+1)*size]
		for k, v := range image {
			image[k] = p.Share*v + p.OtherShare*other[k]
		}
	}
}
