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
	count   int
	c, h, w int
	floats  bool // else bytes
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
	if pixels := max(len(m.Pixels), len(m.Values)); pixels > math.MaxInt32 {
		return fmt.Errorf("%d pixels of images to keep: kernels count to 2³¹", pixels)
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
	k := &keptImages{count: m.Len(), c: m.C, h: m.H, w: m.W, floats: m.Values != nil}
	data := m.Pixels
	if k.floats {
		data = bytesOf(m.Values)
	}
	var err error
	if k.buffer, err = e.dev.hal.Alloc(max(roundUp(len(data), 4), 4)); err != nil {
		return nil, err
	}
	for from := 0; from < len(data) && err == nil; from += part {
		bytes := data[from:min(from+part, len(data))]
		err = e.stream.Upload(hal.Span{Buffer: k.buffer, Offset: from, Bytes: len(bytes)}, bytes)
	}
	if err == nil {
		k.picking, err = k.prepare(e, input.value.Size(), l.picks(), l.given(input))
	}
	if err != nil {
		k.buffer.Free()
		return nil, err
	}
	return k, nil
}

// prepare prepares the launch on an executable's stream that makes size pixels of picks.
func (k *keptImages) prepare(e *executable, size int, picks, dst *tensor) (hal.Sequence, error) {
	program, err := e.dev.hal.Load(source.Update())
	if err != nil {
		return nil, err
	}
	kernel, err := program.Kernel("picked")
	if err != nil {
		return nil, err
	}
	return e.stream.Prepare([]hal.Launch{{
		Kernel: kernel, Groups: over(size), Threads: maxThreads,
		Args: []any{hal.All(k.buffer), picks.span, dst.span, int32(size), int32(k.c), int32(k.h), int32(k.w), int32(flag(k.floats))},
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

// check is CheckBatch, CheckPicked or CheckAscended.
func (l *learner) check(b *plan.Batch) error {
	switch {
	case l.kept == nil:
		return l.training.CheckBatch(b)
	case b.Ascended != nil:
		e, ok := b.Ascended.(*executable)
		if !ok || e.kept == nil || e.kept.from != l.kept {
			return errors.New("a batch of an ascent's images, but not of one from the images kept here")
		}
		return l.training.CheckAscended(b)
	case b.Picks != nil:
		return l.training.CheckPicked(b, l.kept.count)
	}
	return l.training.CheckBatch(b)
}

// encodePicks writes picks as kernels read them.
func encodePicks(words []byte, p *plan.Picks) {
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
