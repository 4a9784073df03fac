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
// indices. It leaves everything as it is if the device does not, or if an attack needs its images on the
// host.
func (r *run) keepImages(ctx context.Context) error {
	if r.at.Step == r.total || !r.trainer.KeepsImages() {
		return nil
	}
	images, err := r.images(ctx, r.loader.set)
	if err != nil || images == nil {
		return err
	}
	if r.trainer.KeepImages(images) != nil { // of memory: batches are then sent step by step
		return nil
	}
	if r.loader.kept, err = r.adversary.picks(ctx, r.trainer); !r.loader.kept && err == nil {
		return r.trainer.KeepImages(&plan.Images{C: images.C, H: images.H, W: images.W}) // for nothing
	}
	return err
}

// images reads all images of a set, as bytes where all pixels are multiples of 1/255; nil if they are
// too many.
func (r *run) images(ctx context.Context, set dataset.Set) (*plan.Images, error) {
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
		values := x[:len(indices)*size]
		if err := set.ReadBatch(values, nil, indices); err != nil {
			return nil, err
		}
		if m.Values == nil && !appendBytes(m, values) {
			if 4*size*set.Len() > keptBytes {
				return nil, nil
			}
			m.Values = make([]float32, from*size, size*set.Len())
			for i := range m.Values {
				m.Values[i] = float32(m.Pixels[i]) / 255
			}
			m.Pixels = nil
		}
		if m.Values != nil {
			m.Values = append(m.Values, values...)
		}
	}
	return m, nil
}

// appendBytes appends pixels as bytes, unless one is no multiple of 1/255; it then returns false.
func appendBytes(m *plan.Images, values []float32) bool {
	for _, v := range values {
		b := byte(min(max(v*255+0.5, 0), 255))
		if float32(b)/255 != v {
			return false
		}
		m.Pixels = append(m.Pixels, b)
	}
	return true
}
