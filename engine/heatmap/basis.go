// Package heatmap measures how often a model errs when one frequency is added to images:
// the Fourier heat map of Yin, Gontijo Lopes, Shlens, Cubuk and Gilmer, A Fourier Perspective
// on Model Robustness in Computer Vision (NeurIPS 2019).
//
// For every frequency (u,v) of an h×w plane, counted from the zero frequency as in package
// spectral, U is the real plane of Euclidean norm 1 whose transform is zero but at (u,v) and
// (-u,-v). An image x is shown to the model as
//
//	x_c + s_c·V·U   in every channel c
//
// with the norm V, in pixels of [0,1], and the sign s_c, +1 or -1, drawn anew for every
// image, channel and frequency. The noise is added before the model's own normalisation.
//
// Of the planes U there are, which differ in phase, it is the cosine that is largest at the
// first pixel, as programs for this have it. The paper says nothing about pixels that leave
// [0,1]; they are clipped here unless [Request] has Unclipped, which is the paper's formula
// to the letter. (u,v) and (-u,-v) are one plane, so that one half of the map gives the
// other.
package heatmap

import (
	"math"

	"hfcui/engine/random"
)

// Frequency is a place on the map, counted from the zero frequency: U runs over
// -(h/2) … (h-1)/2 and V over -(w/2) … (w-1)/2 in integer division.
type Frequency struct{ U, V int }

// Distance is how far it is from the zero frequency.
func (f Frequency) Distance() float64 { return math.Sqrt(float64(f.U*f.U + f.V*f.V)) }

// grid is the frequencies of an h×w plane.
type grid struct{ h, w int }

// place is where f is on the map, row after row, the zero frequency at (h/2, w/2).
func (g grid) place(f Frequency) int { return (f.U+g.h/2)*g.w + f.V + g.w/2 }

// wrap counts u and v as Frequency has them.
func (g grid) wrap(u, v int) Frequency {
	return Frequency{(u+g.h/2+g.h)%g.h - g.h/2, (v+g.w/2+g.w)%g.w - g.w/2}
}

// own is the one of f and -f that stands for both: the later one on the map.
func (g grid) own(f Frequency) Frequency {
	minus := g.wrap(-f.U, -f.V)
	if g.place(minus) > g.place(f) {
		return minus
	}
	return f
}

// basis writes the plane of frequency f to dst, h·w long.
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

// turn is a point of the unit circle.
type turn struct{ cos, sin float64 }

// turns are those at 2π·u·k/n for all k < n.
func turns(u, n int) []turn {
	list := make([]turn, n)
	for k := range list {
		// Reduced first, quarter turns are exact: where the cosine is ±1 no sine disturbs it.
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

// order lists the frequencies that stand for all, coarse grids first: every so many along
// both axes, then the places between, so that a rough picture is there soon. The zero
// frequency is the first.
func (g grid) order() []Frequency {
	const coarsest = 64 // at most so many frequencies in the first grid
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

// signs are those of an image's channels at a frequency, as a number's lowest bits: 1 is
// minus. They depend on nothing else but the seed.
func signs(seed uint64, image, place int) uint64 {
	return random.Mix(random.Mix(random.Mix(seed)+uint64(image)) + uint64(place))
}
