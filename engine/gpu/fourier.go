package gpu

import (
	"math"

	"hfcui/engine/gpu/source"
)

// fastTransforms transforms images by fast Fourier transforms, along the rows and down the columns.
func (c *compiler) fastTransforms(s *splitting, part *tensor, images, channels, h, w int, along, down length) (back func(disc int)) {
	pairs := (channels + 1) / 2
	complexes := images * 2 * pairs * h * w
	z, a := c.temporary(4*complexes), c.temporary(4*complexes)
	tables := map[length]*tensor{along: c.table(along.table())}
	if down != along {
		tables[down] = c.table(down.table())
	}
	launch := func(x, y *tensor, planesX, planesY int, columns bool, disc, inverse, masked int, factor float32) {
		l, lines, across, step := along, h, w, 1
		if columns {
			l, lines, across, step = down, w, 1, w
		}
		sequences, count := images*pairs*lines, points/l.m
		c.launch(source.Split(), "fourier", [3]int{(sequences + count - 1) / count, 1, 1}, maxThreads,
			x, y, tables[l], s.discs, disc, planesX, planesY, pairs, h*w, lines, across, step, sequences, l.n, l.m, l.radices, inverse, masked, factor)
	}
	launch(s.slab, a, channels, 2*pairs, false, 0, 0, 0, 1)
	launch(a, z, 2*pairs, 2*pairs, true, 0, 0, 0, 1)
	return func(disc int) {
		launch(z, a, 2*pairs, 2*pairs, true, disc, 1, 1, 1/float32(h))
		launch(a, part, 2*pairs, channels, false, 0, 1, 0, 1/float32(w))
	}
}

// length is a length of fast Fourier transforms.
type length struct {
	n, m    int // of sequences, and of what a group transforms: see the kernel
	radices int
}

// points is the number of complex numbers in a group's memory.
const points = 2048

// lengths returns the lengths of rows and columns of h×w planes; false if a group's memory does not
// suffice.
func lengths(h, w int) (along, down length, ok bool) {
	along, down = newLength(w), newLength(h)
	return along, down, max(along.m, down.m) <= points
}

func newLength(n int) length {
	if radices, ok := packRadices(n); ok {
		return length{n, n, radices}
	}
	for m := 2*n - 1; ; m++ {
		if radices, ok := packRadices(m); ok {
			return length{n, m, radices}
		}
	}
}

// packRadices returns the radices of the passes of a transform of n numbers, three bits each; false if n
// has a prime factor above 7.
func packRadices(n int) (packed int, ok bool) {
	shift := 0
	for _, r := range []int{4, 2, 3, 5, 7} {
		for ; n%r == 0; n /= r {
			packed |= r << shift
			shift += 3
		}
	}
	return packed, n == 1 && shift <= 30
}

// table has the kernel's constants for a length.
func (l length) table() []float32 {
	values := make([]float32, 0, 2*(2*l.m+l.n))
	add := func(re, im float64) { values = append(values, float32(re), float32(im)) }
	for k := range l.m {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(l.m))
		add(cos, -sin)
	}
	if l.m == l.n {
		return values
	}
	chirp := make([]complex128, l.n) // exp(−πi·k²/n)
	for k := range chirp {
		sin, cos := math.Sincos(math.Pi * float64(k*k%(2*l.n)) / float64(l.n))
		chirp[k] = complex(cos, -sin)
		add(cos, -sin)
	}
	for _, z := range chirpFilter(chirp, l.m) {
		add(real(z), imag(z))
	}
	return values
}

// chirpFilter is the transform of m numbers of the chirp's conjugate, wrapped around, over m.
func chirpFilter(chirp []complex128, m int) []complex128 {
	cosines, filter := make([]float64, m), make([]complex128, m)
	for k := range cosines {
		cosines[k] = math.Cos(2 * math.Pi * float64(k) / float64(m))
	}
	for k := range filter {
		re, im := real(chirp[0]), imag(chirp[0])
		for j := 1; j < len(chirp); j++ {
			twice := 2 * cosines[j*k%m] // of j and of −j
			re, im = re+twice*real(chirp[j]), im+twice*imag(chirp[j])
		}
		filter[k] = complex(re/float64(m), -im/float64(m))
	}
	return filter
}
