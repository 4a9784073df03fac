package plan

import (
	"context"
	"fmt"
	"math"

	"hfcui/spectral"
)

// Whole is images whose components are asked for. A device that keeps them knows them by their address:
// Pixels do not change.
type Whole struct {
	Pixels []float32 // [n,C,H,W], or of the size that Resize is from
	Resize *Resize   // nil: the images have the input's size
}

// Resize resizes images [c,h,w] to [C,H,W] by sums over channels, rows and columns, each a matrix [to,from]. A
// device knows it by its address.
type Resize struct {
	C, H, W                 int // c, h, w
	Channels, Rows, Columns []float32
}

// Apply resizes one image.
func (r *Resize) Apply(x []float32) []float32 {
	x = resampled(x, r.Columns, r.W, 1)
	across := len(r.Columns) / r.W
	x = resampled(x, r.Rows, r.H, across)
	return resampled(x, r.Channels, r.C, across*len(r.Rows)/r.H)
}

// resampled is the product of a matrix [·,n] and an axis of x of n elements, whose steps are inner.
func resampled(x, matrix []float32, n, inner int) []float32 {
	to := len(matrix) / n
	y := make([]float32, len(x)/n*to)
	for i := range y {
		row, from := matrix[i/inner%to*n:][:n], i/inner/to*n*inner+i%inner
		for j, weight := range row {
			if weight != 0 {
				y[i] += weight * x[from+j*inner]
			}
		}
	}
	return y
}

// size is the number of elements of an image of w, where the input's images have shape [C,H,W].
func (w *Whole) size(shape []int) (int, error) {
	r := w.Resize
	if r == nil {
		return shape[0] * shape[1] * shape[2], nil
	}
	if min(r.C, r.H, r.W) < 1 || len(r.Channels) != r.C*shape[0] || len(r.Rows) != r.H*shape[1] || len(r.Columns) != r.W*shape[2] {
		return 0, fmt.Errorf("matrices of %d, %d and %d elements to resize images of %d×%d×%d to %v", len(r.Channels), len(r.Rows), len(r.Columns), r.C, r.H, r.W, shape)
	}
	return r.C * r.H * r.W, nil
}

// Components are images with their low- and high-pass images at some radii, in this order: the n whole
// images; then, for every radius, n low-pass and n high-pass images. They are those of package
// spectral, normalized per image.
type Components struct {
	*Whole
	Radii     []float64
	Normalize Normalization
}

// Distance is the norm of the difference of two images in pixels of [0,1], over all channels.
type Distance struct{ L2, LInf float64 }

// Splitting is an Executable that splits images in its own memory, for one of its inputs.
type Splitting interface {
	Executable
	// Split makes c the components that the methods below are about. It keeps the images: components
	// of the same images at other radii need no other copy. It returns false if memory does not
	// suffice.
	Split(ctx context.Context, input string, c *Components) (bool, error)
	// SetComponents sets the input to count components from number from on. The other images of the
	// batch are undefined.
	SetComponents(from, count int) error
	// Components copies components [·,C,H,W] from number from on.
	Components(dst []float32, from int) error
	// Distances copies the distances of low-pass images from their whole images, [radii][n].
	Distances(dst []Distance) error
}

// Check returns the shape [N,C,H,W] of the input of a program, and the number of images, or an error
// unless they are such images.
func (c *Components) Check(p *Program, input string) (shape []int, images int, err error) {
	v, err := p.Find(Input, input)
	if err != nil {
		return nil, 0, err
	}
	if len(v.Shape) != 4 || c.Whole == nil {
		return nil, 0, fmt.Errorf("components of no images, or for %s", v)
	}
	size, err := c.size(v.Shape[1:])
	if err != nil {
		return nil, 0, err
	}
	if len(c.Pixels) == 0 || len(c.Pixels)%size != 0 {
		return nil, 0, fmt.Errorf("components of %d pixels: an image for %s has %d", len(c.Pixels), v, size)
	}
	for _, r := range c.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return nil, 0, err
		}
	}
	return v.Shape, len(c.Pixels) / size, nil
}

// DistanceOf is the distance of two images.
func DistanceOf(x, y []float32) (d Distance) {
	for i, v := range x {
		difference := math.Abs(float64(v) - float64(y[i]))
		d.L2 += difference * difference
		d.LInf = max(d.LInf, difference)
	}
	d.L2 = math.Sqrt(d.L2)
	return d
}
