// Package heatmap measures the error rate of a model on images perturbed by one Fourier basis
// vector: the Fourier heat map of Yin, Gontijo Lopes, Shlens, Cubuk and Gilmer, A Fourier Perspective
// on Model Robustness in Computer Vision (NeurIPS 2019).
//
// For every frequency (u,v) of an h×w plane, counted from the zero frequency as in package
// spectral, U is the real plane of Euclidean norm 1 whose transform is zero but at (u,v) and
// (-u,-v). An image x is perturbed to
//
//	x_c + s_c·ν·U   in every channel c
//
// with the norm ν, for pixels in [0,1], and a random sign s_c, +1 or -1, per image, channel and
// frequency. The perturbation is added before the model's input normalization.
//
// Of the planes U, which differ in phase, the cosine with its maximum at the first pixel is
// taken, as in published code. The paper says nothing about pixels that leave [0,1]; they are
// clipped here unless [Request] has Unclipped, which is the paper's formula to the letter.
// (u,v) and (-u,-v) are the same plane, so that one half of the map gives the other.
package heatmap

import (
	"math"

	"hfcui/engine/random"
)

// Frequency is a position on the map relative to the zero frequency: U runs over
// -(h/2) … (h-1)/2 and V over -(w/2) … (w-1)/2 in integer division.
type Frequency struct{ U, V int }

// Distance returns the distance from the zero frequency, in cycles per image.
func (f Frequency) Distance() float64 { return math.Sqrt(float64(f.U*f.U + f.V*f.V)) }

// grid is the set of frequencies of an h×w plane.
type grid struct{ h, w int }

// place is the row-major index of f on the map, the zero frequency at (h/2, w/2).
func (g grid) place(f Frequency) int { return (f.U+g.h/2)*g.w + f.V + g.w/2 }

// frequency returns the frequency at a place.
func (g grid) frequency(place int) Frequency { return Frequency{place/g.w - g.h/2, place%g.w - g.w/2} }

// wrap reduces u and v to the range of Frequency.
func (g grid) wrap(u, v int) Frequency {
	return Frequency{(u+g.h/2+g.h)%g.h - g.h/2, (v+g.w/2+g.w)%g.w - g.w/2}
}

// own returns the one of f and -f that represents both: the later one on the map.
func (g grid) own(f Frequency) Frequency {
	minus := g.wrap(-f.U, -f.V)
	if g.place(minus) > g.place(f) {
		return minus
	}
	return f
}

// basis writes the basis vector of frequency f to dst [h,w].
func (g grid) basis(dst []float32, f Frequency) {
	rows, columns := turns(f.U, g.h), turns(f.V, g.w)
	norm := math.Sqrt(2 / float64(g.h*g.w))
	if g.wrap(-f.U, -f.V) == f {
		norm = math.Sqrt(1 / float64(g.h*g.w)) // the cosine is 1 or -1 everywhere
	}
	for y, a := range rows {
		row := dst[y*g.w:][:g.w]
		for x, b := range columns {
			row[x] = float32(norm * (a.cos*b.cos - a.sin*b.sin))
		}
	}
}

// turn is a point on the unit circle.
type turn struct{ cos, sin float64 }

// turns returns the points at 2π·u·k/n for all k < n.
func turns(u, n int) []turn {
	list := make([]turn, n)
	for k := range list {
		// Reduced first, so that quarter turns are exact.
		eighths := 8 * (((u*k)%n + n) % n)
		switch eighths {
		case 0:
			list[k] = turn{1, 0}
		case 2 * n:
			list[k] = turn{0, 1}
		case 4 * n:
			list[k] = turn{-1, 0}
		case 6 * n:
			list[k] = turn{0, -1}
		default:
			list[k].sin, list[k].cos = math.Sincos(2 * math.Pi * float64(eighths) / float64(8*n))
		}
	}
	return list
}

// order lists the frequencies that represent all, coarse grids first, so that a rough map is
// available early. The zero frequency is the first.
func (g grid) order() []Frequency {
	const coarsest = 64 // largest number of frequencies in the first grid
	step := 1
	for (g.h/step)*(g.w/step)/2 > coarsest {
		step *= 2
	}
	var list []Frequency
	listed := make([]bool, g.h*g.w)
	for ; step >= 1; step /= 2 {
		for i := range g.h * g.w {
			f := Frequency{i/g.w - g.h/2, i%g.w - g.w/2}
			if f.U%step != 0 || f.V%step != 0 {
				continue
			}
			if f = g.own(f); !listed[g.place(f)] {
				listed[g.place(f)] = true
				list = append(list, f)
			}
		}
	}
	return list
}

// signs returns the signs of an image's channels at a frequency as the lowest bits: 1 is minus.
// They depend on nothing but the arguments.
func signs(seed uint64, image, place int) uint64 {
	return random.Mix(random.Mix(random.Mix(seed)+uint64(image)) + uint64(place))
}
