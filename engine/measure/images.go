package measure

import (
	"errors"
	"slices"
)

// Source is a set of labeled images of one size.
type Source interface {
	Len() int
	Shape() (c, h, w int)
	Label(i int) int
	// ReadBatch fills dst with the images at indices (NCHW, pixels in [0,1]) and labels with
	// their labels. It may be called concurrently.
	ReadBatch(dst []float32, labels []int, indices []int) error
}

// Select returns the first limit images of src, 0 being all, in the order of evaluation. No
// images are an error.
func Select(src Source, limit int) ([]int, error) {
	n := src.Len()
	if limit > 0 {
		n = min(n, limit)
	}
	if n == 0 {
		return nil, errors.New("no images to measure")
	}
	return Order(src, n), nil
}

// Order returns the order in which the first n images are evaluated: the order of the data,
// unless the data is sorted by class. In that case a first sample, and a batch whose
// statistics are taken, would hold one class only; taking every stride-th image stands in for
// a shuffle.
func Order(src Source, n int) []int {
	at := make([]int, n)
	sorted := true
	for i := range at {
		at[i] = i
		sorted = sorted && (i == 0 || src.Label(i-1) <= src.Label(i))
	}
	if !sorted || n < 3 {
		return at
	}
	stride := int(float64(n)*0.6180339887498949) | 1
	for gcd(stride, n) != 1 {
		stride++
	}
	for i := range at {
		at[i] = i * stride % n
	}
	return at
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// BatchOf returns the batch of size images in which image i is evaluated with batch
// statistics when all images are. Only the last counted images are counted in it: the last
// batch is filled up with images of the one before. size must not exceed the number of images.
func BatchOf(src Source, i, size int) (batch []int, counted int) {
	n := src.Len()
	order := Order(src, n)
	start := slices.Index(order, i) / size * size
	counted = min(size, n-start)
	end := start + counted
	return order[end-size : end], counted
}

// Resize returns v, reallocated if it is too small, with n elements of unspecified value.
func Resize[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}
