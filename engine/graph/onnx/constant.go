package onnx

import (
	"fmt"
	"math"
	"slices"
)

// constant is an array that does not depend on images. Elements are decoded on demand: weights as
// float32, operands of constant folding as float64, which represents all integers of shapes.
type constant struct {
	shape   []int
	integer bool
	source  *protoTensor // nil if numbers is set
	weights []float32
	numbers []float64
	name    string // in the graph; "" if not registered
	from    string // in the file
}

// maxFolded is the maximum number of elements of an array in constant folding.
const maxFolded = 1 << 20

// maxAllFolded is the maximum of their sum: 32 MB.
const maxAllFolded = 1 << 22

func (c *constant) size() int {
	n := 1
	for _, d := range c.shape {
		n *= d
	}
	return n
}

// floats returns the elements as float32.
func (im *importer) floats(c *constant) ([]float32, error) {
	switch {
	case c.weights != nil:
	case c.source != nil:
		n, err := c.source.count()
		if err != nil {
			return nil, err
		}
		if err := im.checkSize(c.source, n); err != nil {
			return nil, err
		}
		w := make([]float32, n)
		if err := c.source.decode(im.open, func(i int, v float64) { w[i] = float32(v) }); err != nil {
			return nil, err
		}
		c.weights = w
	default:
		c.weights = make([]float32, len(c.numbers))
		for i, v := range c.numbers {
			c.weights[i] = float32(v)
		}
	}
	return c.weights, nil
}

// checkSize returns an error if a tensor declares more elements than its data holds.
func (im *importer) checkSize(t *protoTensor, n int) error {
	have := len(t.raw) + 10*len(t.single)
	for _, b := range t.typed {
		have += len(b) * 8
	}
	if t.external == nil && n*typeBytes[t.kind] > have {
		return fmt.Errorf("tensor %.60q of %v has too few elements", t.name, t.dims)
	}
	return nil
}

// numbersOf returns the elements as float64.
func (im *importer) numbersOf(c *constant) ([]float64, error) {
	if c.numbers != nil {
		return c.numbers, nil
	}
	if c.size() > maxFolded {
		return nil, fmt.Errorf("%.60q of %v is too large for constant folding: simplify the model with onnxsim", c.from, c.shape)
	}
	if im.folded += c.size(); im.folded > maxAllFolded {
		return nil, fmt.Errorf("too much constant folding: simplify the model with onnxsim")
	}
	if c.source != nil {
		if err := im.checkSize(c.source, c.size()); err != nil {
			return nil, err
		}
	}
	numbers := make([]float64, 0, c.size())
	if c.weights != nil {
		for _, v := range c.weights {
			numbers = append(numbers, float64(v))
		}
		c.numbers = numbers
		return numbers, nil
	}
	err := c.source.decode(im.open, func(_ int, v float64) { numbers = append(numbers, v) })
	if err == nil {
		c.numbers = numbers
	}
	return numbers, err
}

// ints returns the elements as integers.
func (im *importer) ints(c *constant) ([]int, error) {
	numbers, err := im.numbersOf(c)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(numbers))
	for i, v := range numbers {
		if v != v {
			return nil, fmt.Errorf("%.60q has non-finite values", c.from)
		}
		out[i] = int(math.Max(-1<<52, math.Min(1<<52, v)))
	}
	return out, nil
}

// reshaped returns the same elements in another shape.
func (c *constant) reshaped(shape []int) *constant {
	d := *c
	d.shape, d.name = shape, ""
	return &d
}

// integers returns an integer constant.
func integers(shape []int, values ...int) *constant {
	c := &constant{shape: shape, integer: true, numbers: make([]float64, len(values))}
	for i, v := range values {
		c.numbers[i] = float64(v)
	}
	return c
}

// indices calls f for every element of an array with its flat index and its index along every
// axis; f must not retain at.
func indices(shape []int, f func(i int, at []int)) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	at := make([]int, len(shape))
	for i := range n {
		f(i, at)
		for axis := len(at) - 1; axis >= 0; axis-- {
			if at[axis]++; at[axis] < shape[axis] {
				break
			}
			at[axis] = 0
		}
	}
}

// place returns the flat index, in an array of the given shape, of an element of its broadcast.
func place(shape, at []int) int {
	i := 0
	for axis, d := range shape {
		p := at[len(at)-len(shape)+axis]
		if d == 1 {
			p = 0
		}
		i = i*d + p
	}
	return i
}

// broadcastShape returns the common shape of a and b by NumPy's broadcasting rules.
func broadcastShape(a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case out[at] == 1:
			out[at] = d
		case d != 1 && d != out[at]:
			return nil, fmt.Errorf("shapes %v and %v cannot be broadcast", a, b)
		}
	}
	return out, nil
}
