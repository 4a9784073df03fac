package op

import "fmt"

// Tensor is an array and its shape; a scalar has no dimensions and one element.
type Tensor struct {
	Shape []int
	Data  []float32
}

// Size returns the number of elements of a shape.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Any, as a number of dimensions, is that of the first input.
const Any = -1

// Op is an operation with one output. Values with equal fields are the same operation.
type Op interface {
	// Dims returns the number of dimensions of every input and, last, of the output.
	Dims() []int
	// Infer returns the output's shape. The inputs' numbers of dimensions have been checked; the
	// error says which sizes do not match.
	Infer(in [][]int) ([]int, error)
	// Do computes all elements of out from inputs of valid shapes. It is safe for concurrent use.
	Do(out Tensor, in []Tensor)
}

// Name returns o's type and attributes: "Conv{Stride:1 Pad:1}".
func Name(o Op) string {
	s := fmt.Sprintf("%T%+v", o, o)
	for i := range s {
		if s[i] == '.' {
			return s[i+1:]
		}
	}
	return s
}

// Check returns the output's shape, or an error if the input shapes do not match o.
func Check(o Op, in [][]int) ([]int, error) {
	dims := o.Dims()
	if len(in) != len(dims)-1 {
		return nil, fmt.Errorf("%s takes %d inputs, not %d", Name(o), len(dims)-1, len(in))
	}
	for i, s := range in {
		want := dims[i]
		if want == Any {
			want = len(in[0])
		}
		if len(s) != want {
			return nil, fmt.Errorf("%s: input %d has shape %v, expected %d dimensions", Name(o), i, s, want)
		}
	}
	out, err := o.Infer(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name(o), err)
	}
	return out, nil
}

// same is Infer for operations whose inputs and output have the same shape.
func same(in [][]int) ([]int, error) {
	for _, s := range in[1:] {
		if err := equal(s, in[0]); err != nil {
			return nil, err
		}
	}
	return in[0], nil
}

// equal returns an error unless both shapes are the same.
func equal(got, want []int) error {
	if len(got) == len(want) {
		ok := true
		for i := range got {
			ok = ok && got[i] == want[i]
		}
		if ok {
			return nil
		}
	}
	return fmt.Errorf("shape %v, expected %v", got, want)
}
