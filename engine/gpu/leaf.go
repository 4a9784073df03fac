package gpu

import (
	"maps"
	"slices"
	"unsafe"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/plan"
)

// leaf is an input or a parameter.
type leaf struct {
	value        *plan.Value
	tensor       *tensor   // nil if unused
	scale, shift []float32 // per channel, applied when it is stored; nil: none
	set          bool
	derived      []*derived // recomputed when it changes
	from, to     int        // its conversion from the staging memory, in the executable's sequence
}

// output is an array that is read after a run.
type output struct {
	tensor   *tensor
	from, to int // its conversion to the staging memory
}

// conversions adds the launches that convert leaves from, and outputs to, the layout of the host,
// in staging memory that all of them share: a stream's work is done in order.
func (c *compiler) conversions(add func([]launch) (from, to int)) (staging *tensor) {
	staging = &tensor{}
	converting := func(emit func()) (from, to int) {
		var launches []launch
		c.target = &launches
		emit()
		c.target = &c.launches
		return add(launches)
	}
	for _, v := range c.program.Values {
		l := c.leafOf(v)
		if l == nil {
			continue
		}
		if l.tensor = c.t(v); l.tensor != nil && l.tensor.image {
			l.from, l.to = converting(func() { c.fromHost(staging, l.tensor, l.scale, l.shift) })
			staging.bytes = max(staging.bytes, 4*v.Size())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.program.Outputs)) {
		v := c.program.Outputs[name]
		o := &output{tensor: c.t(v)}
		if o.tensor.image {
			o.from, o.to = converting(func() { c.toHost(o.tensor, staging) })
			staging.bytes = max(staging.bytes, 4*v.Size())
		}
		c.outputs[name] = o
	}
	if staging.bytes > 0 {
		c.fixed = append(c.fixed, staging)
	}
	return staging
}

// leafOf returns the leaf of an input or parameter; nil for other values.
func (c *compiler) leafOf(v *plan.Value) *leaf {
	switch v.Kind {
	case plan.Input:
		return c.inputs[v.Name]
	case plan.Param:
		return c.params[v.Name]
	}
	return nil
}

// fromHost converts an image from row-major float32.
func (c *compiler) fromHost(src, dst *tensor, scale, shift []float32) {
	if scale == nil {
		scale, shift = make([]float32, dst.c), make([]float32, dst.c)
		for i := range scale {
			scale[i] = 1
		}
	}
	c.launch(source.Layout(c.float32()), "from_planes", over(dst.octets()), maxThreads,
		src, c.table(scale), c.table(shift), dst, dst.n, dst.c, dst.pixels(), dst.fill)
}

// toHost converts an image to row-major float32.
func (c *compiler) toHost(src, dst *tensor) {
	c.launch(source.Layout(c.float32()), "to_planes", over(src.octets()), maxThreads,
		src, dst, src.n, src.c, src.pixels(), src.fill)
}

// asFlat returns a value as a row-major float32 array, converted if it is an image.
func (c *compiler) asFlat(v *plan.Value) *tensor {
	t := c.t(v)
	if !t.image {
		return t
	}
	f := flat(v.Size())
	return c.derive("flat", []*plan.Value{v}, f.bytes, func(dst *tensor) {
		*dst = *f
		c.toHost(t, dst)
	})
}

// asImage returns a value [N,C,H,W] as an image, converted if it is row-major.
func (c *compiler) asImage(v *plan.Value) *tensor {
	t := c.t(v)
	if t.image {
		return t
	}
	i := imageOf(v.Shape, c.dev.dtype)
	return c.derive("image", []*plan.Value{v}, i.bytes, func(dst *tensor) {
		*dst = *i
		c.fromHost(t, dst, nil, nil)
	})
}

// float32 reports whether images are float32.
func (c *compiler) float32() bool { return c.dev.dtype.Bytes() == 4 }

// bytesOf returns the memory of data.
func bytesOf(data []float32) []byte {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), 4*len(data))
}

// part is the first n bytes of a tensor's memory.
func (t *tensor) part(n int) hal.Span {
	return hal.Span{Buffer: t.span.Buffer, Offset: t.span.Offset, Bytes: n}
}
