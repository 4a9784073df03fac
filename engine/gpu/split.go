package gpu

import (
	"context"
	"errors"
	"fmt"
	"math"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// splitting is an executable's memory and launches for plan.Splitting, for a number of images and up to
// a number of radii.
type splitting struct {
	input         *leaf
	images, radii int
	buffer        hal.Buffer
	sequence      hal.Sequence
	resize        *plan.Resize
	given         *tensor // whole images as they are uploaded
	slab          *tensor // the components, float32, as the host has them
	discs         *tensor // of all radii: see the kernels
	words         int     // int32 of a disc
	distances     *tensor // [radii,images,2]
	first, each   int     // launches before first transform the images, then a radius has each
	whole         *plan.Whole
	split         int // radii that the components are of
}

var _ plan.Splitting = (*executable)(nil)

// Split computes components.
func (e *executable) Split(ctx context.Context, input string, c *plan.Components) (bool, error) {
	shape, images, err := c.Check(e.program, input)
	if err != nil {
		return false, err
	}
	err = e.prepareSplit(e.inputs[input], images, len(c.Radii), c.Resize)
	if full := new(hal.OutOfMemory); errors.As(err, &full) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s := e.split
	s.split = 0
	if s.whole != c.Whole {
		s.whole = nil
		if err := e.stream.Upload(s.given.part(4*len(c.Pixels)), bytesOf(c.Pixels)); err != nil {
			return false, err
		}
		if err := e.pass(ctx, s.sequence, 0, s.first); err != nil {
			return false, err
		}
		s.whole = c.Whole
	}
	if len(c.Radii) > 0 {
		discs := int32s(encodeDiscs(c, shape[2], shape[3], s.words))
		if err := e.stream.Upload(s.discs.part(len(discs)), discs); err != nil {
			return false, err
		}
		if err := e.pass(ctx, s.sequence, s.first, s.first+len(c.Radii)*s.each); err != nil {
			return false, err
		}
	}
	s.split = len(c.Radii)
	return true, e.stream.Flush()
}

// What of the Fourier plane is transformed back: see the kernels.
const (
	discInside = iota
	discOutside
	discNothing
	discEverything
)

// encodeDiscs are the discs of h×w planes as kernels read them, of so many words each.
func encodeDiscs(c *plan.Components, h, w, words int) []int {
	values := make([]int, 0, words*len(c.Radii))
	for _, r := range c.Radii {
		d := spectral.NewDisc(h, w, r)
		which := discInside
		switch {
		case d.None:
			which = discNothing
		case d.All:
			which = discEverything
		case d.Outside:
			which = discOutside
		}
		values = append(append(values, which, int(c.Normalize)), d.Within...)
	}
	return values
}

// component is the memory of count components from number from on; an error if there are not so many.
func (e *executable) component(from, count int) (hal.Span, error) {
	s := e.split
	if s == nil || s.whole == nil || from < 0 || count < 1 || from+count > s.images*(1+2*s.split) {
		return hal.Span{}, fmt.Errorf("%d components from number %d on: there are not so many", count, from)
	}
	size := 4 * s.input.value.Size() / s.input.value.Shape[0]
	return hal.Span{Buffer: s.slab.span.Buffer, Offset: s.slab.span.Offset + from*size, Bytes: count * size}, nil
}

// SetComponents copies components to the input.
func (e *executable) SetComponents(from, count int) error {
	src, err := e.component(from, count)
	if err != nil {
		return err
	}
	if in := e.split.input.value; count > in.Shape[0] {
		return fmt.Errorf("%d components for %s", count, in)
	}
	return e.store(e.split.input, func(dst hal.Span) error {
		dst.Bytes = src.Bytes
		return e.stream.Copy(dst, src)
	})
}

// Components copies components to the host.
func (e *executable) Components(dst []float32, from int) error {
	if e.split == nil {
		return errors.New("no image has been split")
	}
	in := e.split.input.value
	src, err := e.component(from, len(dst)/(in.Size()/in.Shape[0]))
	if err != nil {
		return err
	}
	if src.Bytes != 4*len(dst) {
		return fmt.Errorf("%d values for components of %s", len(dst), in)
	}
	return e.stream.Download(bytesOf(dst), src)
}

// Distances copies distances to the host.
func (e *executable) Distances(dst []plan.Distance) error {
	s := e.split
	if s == nil || len(dst) != s.images*s.split {
		return fmt.Errorf("%d distances: there are not so many", len(dst))
	}
	if len(dst) == 0 {
		return nil
	}
	values := make([]float32, 2*len(dst))
	if err := e.stream.Download(bytesOf(values), s.distances.part(4*len(values))); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = plan.Distance{L2: math.Sqrt(float64(values[2*i])), LInf: float64(values[2*i+1])}
	}
	return nil
}

// prepareSplit prepares memory and launches, unless there are those for so many images and radii.
func (e *executable) prepareSplit(input *leaf, images, radii int, resize *plan.Resize) error {
	if s := e.split; s != nil && s.input == input && s.images == images && s.radii >= radii && s.resize == resize {
		return nil
	}
	if err := e.closeSplit(); err != nil {
		return err
	}
	shape := input.value.Shape
	channels, h, w := shape[1], shape[2], shape[3]
	size := channels * h * w
	// Kernels count in 32 bits.
	if total := (1 + 2*radii) * images * size; total > math.MaxInt32-math.MaxUint16 {
		return &hal.OutOfMemory{Device: e.dev.ID(), Need: 4 * int64(total)}
	}
	var launches []launch
	c := &compiler{dev: e.dev, program: &plan.Program{}, target: &launches}
	s := &splitting{input: input, images: images, radii: radii, words: 2 + h/2 + 1, resize: resize}
	s.slab, s.discs = c.temporary(4*(1+2*radii)*images*size), c.temporary(4*radii*s.words)
	s.distances = c.temporary(8 * images * radii)
	if s.given = s.slab; resize != nil {
		if largest := images * max(channels, resize.C) * max(h, resize.H) * max(w, resize.W); largest > math.MaxInt32-math.MaxUint16 {
			return &hal.OutOfMemory{Device: e.dev.ID(), Need: 4 * int64(largest)}
		}
		s.given = c.resample(s.slab, images, channels, h, w, resize)
	}
	flat, part := c.temporary(4*images*channels), c.temporary(4*images*size)
	c.launch(source.Split(), "evenness", [3]int{images * channels, 1, 1}, maxThreads, s.slab, flat, h*w)
	back := c.transforms(s, part, images, channels, h, w)
	s.first = len(launches)
	for i := range radii {
		disc := i * s.words
		back(disc)
		c.launch(source.Split(), "components", over(images*size), maxThreads, s.slab, part, s.discs, disc, flat, i, images*size, h*w)
		c.launch(source.Split(), "normalized", [3]int{2 * images, 1, 1}, maxThreads, s.slab, s.discs, disc, i, images, size)
		c.launch(source.Split(), "distances", [3]int{images, 1, 1}, maxThreads, s.slab, s.distances, i, images, size)
		s.each = (len(launches) - s.first) / (i + 1)
	}
	if c.err != nil {
		return c.err
	}
	var err error
	if s.buffer, err = c.allocate(); err != nil {
		return err
	}
	if err = c.upload(e.stream); err == nil {
		s.sequence, err = c.sequence(e.stream, launches)
	}
	if err != nil {
		s.buffer.Free()
		return err
	}
	e.split = s
	return nil
}

// resample launches what resizes images to dst [images,channels,h,w], and returns where they are uploaded.
func (c *compiler) resample(dst *tensor, images, channels, h, w int, r *plan.Resize) (given *tensor) {
	given = c.temporary(4 * images * r.C * r.H * r.W)
	across, down := c.temporary(4*images*r.C*r.H*w), c.temporary(4*images*r.C*h*w)
	along := func(x, y *tensor, matrix []float32, size, from, to, inner int) {
		c.launch(source.Split(), "resampled", over(size), maxThreads, x, y, c.table(matrix), c.indices(rowRanges(matrix, from)), size, from, to, inner)
	}
	along(given, across, r.Columns, images*r.C*r.H*w, r.W, w, 1)
	along(across, down, r.Rows, images*r.C*h*w, r.H, h, w)
	along(down, dst, r.Channels, images*channels*h*w, r.C, channels, h*w)
	return given
}

// rowRanges has, for every row of a matrix [·,n], its first element that is not zero and the end of them.
func rowRanges(matrix []float32, n int) (ranges []int) {
	for ; len(matrix) > 0; matrix = matrix[n:] {
		first, end := 0, n
		for first < end && matrix[first] == 0 {
			first++
		}
		for first < end && matrix[end-1] == 0 {
			end--
		}
		ranges = append(ranges, first, end)
	}
	return ranges
}

// closeSplit frees the memory.
func (e *executable) closeSplit() error {
	s := e.split
	if s == nil {
		return nil
	}
	e.split = nil
	err := errors.Join(e.stream.Wait(), s.sequence.Close())
	s.buffer.Free()
	return err
}

// transforms launches the transforms of the images, and returns what launches the inverse ones of what a
// disc keeps to part [images,channels,h,w].
func (c *compiler) transforms(s *splitting, part *tensor, images, channels, h, w int) (back func(disc int)) {
	if max(h, w) > matrixSide {
		if along, down, ok := lengths(h, w); ok {
			return c.fastTransforms(s, part, images, channels, h, w, along, down)
		}
	}
	return c.matrixTransforms(s, part, images*channels, h, w)
}

// matrixSide is the longest side of images that are transformed by matrices. Larger ones are, too, where
// fast transforms do not fit a group's memory.
const matrixSide = 64

// matrixTransforms transforms planes [planes,h,w] by products with matrices of cosines and sines. A
// product along the first axis of an array rotates its axes: see matrixOf.
func (c *compiler) matrixTransforms(s *splitting, part *tensor, planes, h, w int) (back func(disc int)) {
	size := planes * h * w
	down, along := c.table(cosines(h)), c.table(cosines(w))
	a, b, z := c.temporary(4*size), c.temporary(4*size), c.temporary(4*size)
	bn := source.LinearTiles()[0]
	if info := c.dev.hal.Info(); !info.CPU && !info.Private {
		bn = bestFit(max(h, w), source.LinearTiles())
	}
	// product is along x's first axis, of n elements; matrix (k, j) is at k·row + j·step.
	product := func(x, y, matrix *tensor, n, row, step int) {
		rest := size / n
		c.linear(bn, source.FP32, 1, matrixOf{x, 1, rest}, matrixOf{matrix, row, step}, rest, n, n, y, y, 0, 0)
	}
	c.launch(source.Split(), "turned", over(size), maxThreads, s.slab, a, planes, h*w) // [h,w,planes]
	product(a, b, down, h, h, 1)                                                       // [w,planes,u]
	product(b, a, along, w, w, 1)                                                      // [planes,u,v]
	c.launch(source.Split(), "turned", over(size), maxThreads, a, z, planes, h*w)      // [u,v,planes]
	return func(disc int) {
		c.launch(source.Split(), "kept", over(size), maxThreads, z, a, s.discs, disc, h, w, planes)
		product(a, b, down, h, 1, h)     // [v,planes,h]
		product(b, part, along, w, 1, w) // [planes,h,w]
	}
}

// cosines is the orthogonal matrix [n,n] of the constant, and the cosine and sine of every frequency.
func cosines(n int) []float32 {
	m := make([]float32, n*n)
	for k := range n {
		f := (k + 1) / 2
		norm := math.Sqrt(2 / float64(n))
		if k == 0 || 2*f == n {
			norm = math.Sqrt(1 / float64(n))
		}
		for x := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(f*x%n) / float64(n))
			if k%2 == 1 || k == 0 {
				sin = cos
			}
			m[k*n+x] = float32(norm * sin)
		}
	}
	return m
}
