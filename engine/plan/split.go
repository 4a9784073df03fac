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
	Pixels []float32 // [n,C,H,W]
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

// Check returns the shape [N,C,H,W] of the input of a program, or an error unless the images are
// such images.
func (c *Components) Check(p *Program, input string) ([]int, error) {
	v, err := p.Find(Input, input)
	if err != nil {
		return nil, err
	}
	if len(v.Shape) != 4 || c.Whole == nil || len(c.Pixels) == 0 || len(c.Pixels)%(v.Size()/v.Shape[0]) != 0 {
		return nil, fmt.Errorf("components of other images than %s has", v)
	}
	for _, r := range c.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return nil, err
		}
	}
	return v.Shape, nil
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
