package train

import (
	"context"

	"hfcui/engine/dataset"
	"hfcui/engine/plan"
)

// keptBytes is the largest training set that a device keeps: 360,000 images of CIFAR's size. Larger
// ones would take too long to read before the first step.
const keptBytes = 1 << 30

// keepImages hands the training images over to a device that keeps them, so that a step needs only
// indices. It leaves everything as it is if the device does not, if a step needs its images on the
// host, or if the pixels are not of eight bits, as of low-pass images.
func (r *run) keepImages(ctx context.Context) error {
	if r.at.Step == r.total || r.adversary != nil || !r.trainer.KeepsImages() {
		return nil
	}
	images, err := r.bytes(ctx, r.loader.set)
	if err != nil || images == nil {
		return err
	}
	// An error is one of memory: batches are then sent step by step.
	r.loader.kept = r.trainer.KeepImages(images) == nil
	return nil
}

// bytes reads all images of a set as bytes; nil if they are too many, or if one has a pixel that is
// no multiple of 1/255.
func (r *run) bytes(ctx context.Context, set dataset.Set) (*plan.Images, error) {
	const part = 256
	ch, h, w := set.Shape()
	size := ch * h * w
	if size*set.Len() > keptBytes {
		return nil, nil
	}
	m := &plan.Images{Pixels: make([]byte, 0, size*set.Len()), C: ch, H: h, W: w}
	x, indices := make([]float32, part*size), make([]int, 0, part)
	for from := 0; from < set.Len(); from += part {
		if err := r.yield(ctx); err != nil {
			return nil, err
		}
		indices = indices[:0]
		for i := from; i < min(from+part, set.Len()); i++ {
			indices = append(indices, i)
		}
		if err := set.ReadBatch(x[:len(indices)*size], nil, indices); err != nil {
			return nil, err
		}
		for _, v := range x[:len(indices)*size] {
			b := byte(min(max(v*255+0.5, 0), 255))
			if float32(b)/255 != v {
				return nil, nil
			}
			m.Pixels = append(m.Pixels, b)
		}
	}
	return m, nil
}
