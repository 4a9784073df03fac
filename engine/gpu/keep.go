package gpu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/plan"
)

// keptImages are training images in a learner's memory, and the launch that makes a batch of them.
type keptImages struct {
	images  *plan.Images
	buffer  hal.Buffer
	picking hal.Sequence
}

// pickWords is the number of int32 of a pick, pickShares that of the shares before all picks: see
// the kernel.
const pickWords, pickShares = 5, 2

// KeepImages copies images to the device.
func (l *learner) KeepImages(m *plan.Images) error {
	input := l.exe.inputs[l.training.Input]
	shape := input.value.Shape
	if len(shape) != 4 || m.C != shape[1] || m.H != shape[2] || m.W != shape[3] {
		return fmt.Errorf("images of %d×%d×%d to keep for %s", m.C, m.H, m.W, input.value)
	}
	if len(m.Pixels) > math.MaxInt32 {
		return fmt.Errorf("%d bytes of images to keep: kernels count to 2³¹", len(m.Pixels))
	}
	if err := l.dropImages(); err != nil {
		return err
	}
	kept, err := l.copyImages(m, input)
	if err != nil {
		return err
	}
	l.kept = kept
	return nil
}

// copyImages uploads images and prepares the launch that reads them.
func (l *learner) copyImages(m *plan.Images, input *leaf) (*keptImages, error) {
	const part = 16 << 20
	e := l.exe
	k := &keptImages{images: &plan.Images{Pixels: m.Pixels, C: m.C, H: m.H, W: m.W}}
	var err error
	if k.buffer, err = e.dev.hal.Alloc(max(roundUp(len(m.Pixels), 4), 4)); err != nil {
		return nil, err
	}
	for from := 0; from < len(m.Pixels) && err == nil; from += part {
		bytes := m.Pixels[from:min(from+part, len(m.Pixels))]
		err = e.stream.Upload(hal.Span{Buffer: k.buffer, Offset: from, Bytes: len(bytes)}, bytes)
	}
	if err == nil {
		k.picking, err = l.preparePicking(k, input)
	}
	if err != nil {
		k.buffer.Free()
		return nil, err
	}
	return k, nil
}

func (l *learner) preparePicking(k *keptImages, input *leaf) (hal.Sequence, error) {
	program, err := l.exe.dev.hal.Load(source.Update())
	if err != nil {
		return nil, err
	}
	kernel, err := program.Kernel("picked")
	if err != nil {
		return nil, err
	}
	size := input.value.Size()
	return l.exe.stream.Prepare([]hal.Launch{{
		Kernel: kernel, Groups: over(size), Threads: maxThreads,
		Args: []any{hal.All(k.buffer), l.picks().span, l.given(input).span, int32(size), int32(k.images.C), int32(k.images.H), int32(k.images.W)},
	}})
}

// dropImages frees kept images.
func (l *learner) dropImages() error {
	if l.kept == nil {
		return nil
	}
	err := errors.Join(l.exe.stream.Wait(), l.kept.picking.Close())
	l.kept.buffer.Free()
	l.kept = nil
	return err
}

// check is CheckBatch or CheckPicked.
func (l *learner) check(b *plan.Batch) error {
	if b.Picks == nil || l.kept == nil {
		return l.training.CheckBatch(b)
	}
	return l.training.CheckPicked(b, l.kept.images)
}

// encode writes picks to the constants of a step.
func (l *learner) encode(p *plan.Picks) {
	words := l.uploaded[l.picks().at:]
	put := func(i int, v int32) { binary.NativeEndian.PutUint32(words[4*i:], uint32(v)) }
	put(0, int32(math.Float32bits(p.Share)))
	put(1, int32(math.Float32bits(p.OtherShare)))
	for i, q := range p.Images {
		mirror, other := int32(0), int32(-1)
		if q.Mirror {
			mirror = 1
		}
		if p.Others != nil {
			other = p.Others[i]
		}
		for j, v := range [pickWords]int32{q.Index, q.DY, q.DX, mirror, other} {
			put(pickShares+pickWords*i+j, v)
		}
	}
}
