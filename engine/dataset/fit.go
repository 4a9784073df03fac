package dataset

import (
	"fmt"
	"math"

	"hfcui/engine/imagefile"
)

// Fit is how images of other sizes are made to fit a model's input.
type Fit string

const (
	// Crop resizes the shortest side and crops the center, as torchvision's transforms for ImageNet do:
	// for an input of 224 the shortest side becomes 256. Inputs below 128 are cropped from images whose
	// shortest side is the input's.
	Crop Fit = "crop"
	// Squash resizes both sides to the input's, whatever the aspect ratio.
	Squash Fit = "squash"
)

// Fits are the values of Fit, the default first.
func Fits() []string { return []string{string(Crop), string(Squash)} }

// cropped is the smallest input of which Crop leaves a margin.
const cropped = 128

// Resizing describes how Resized makes images of s fit h×w, for display; "" if it does not change them
// but for a plain resize of images of one size.
func Resizing(s Set, h, w int) string {
	fit, plain := fitOf(s, h, w)
	switch {
	case plain:
		return ""
	case fit == Squash:
		return fmt.Sprintf("images are resized to %d×%d, whatever their aspect ratio", w, h)
	}
	return fmt.Sprintf("images are resized to %d pixels at the shortest side, and their center of %d×%d is used", shortest(h, w), w, h)
}

// Fitted returns a set whose images Resized fits so; "" is the default, Crop.
func Fitted(s Set, fit Fit) Set {
	if f, ok := s.(*files); ok {
		g := *f
		g.fit = fit
		return &g
	}
	if fit == Squash && s != nil {
		return &fitted{s, fit}
	}
	return s
}

// fitted is a set with a Fit that is not the default.
type fitted struct {
	Set
	fit Fit
}

// fitOf returns the fit of a set; plain reports that its images are of one size, and of the aspect
// ratio of h×w: a resize does, and is no question of fit.
func fitOf(s Set, h, w int) (fit Fit, plain bool) {
	_, sh, sw := s.Shape()
	plain = sh > 0 && sh*w == sw*h
	switch s := s.(type) {
	case *files:
		fit = s.fit
	case *fitted:
		fit = s.fit
	case *picked:
		return fitOf(s.Set, h, w)
	case *subset:
		return fitOf(s.Set, h, w)
	case *relabeled:
		return fitOf(s.Set, h, w)
	}
	if fit == "" {
		fit = Crop
	}
	return fit, plain
}

// shortest is the shortest side of images before Crop to h×w.
func shortest(h, w int) int {
	side := min(h, w)
	if side >= cropped {
		side = int(math.Round(float64(side) * 256 / 224))
	}
	return side
}

// fitRows makes an image fit c×h×w. One of that size is not changed.
func fitRows(src imagefile.Rows, fit Fit, c, h, w int) *Image {
	if src.H == h && src.W == w {
		return resample(src, c, h, w)
	}
	down, across := fitTaps(src.H, src.W, fit, h, w)
	return resampleBy(src, c, across, down)
}

// fitTaps weighs the rows and columns of images of sh×sw that are made to fit h×w.
func fitTaps(sh, sw int, fit Fit, h, w int) (down, across taps) {
	if fit == Squash {
		return smooth(sh, h, 0, h), smooth(sw, w, 0, w)
	}
	// As torchvision: the longer side is cut to an integer; a crop that is off by half a pixel is
	// rounded to even. Other aspect ratios of inputs need the side that fits both.
	side := shortest(h, w)
	scale := max(float64(side)/float64(min(sh, sw)), float64(h)/float64(sh), float64(w)/float64(sw))
	rh, rw := max(h, int(float64(sh)*scale+1e-9)), max(w, int(float64(sw)*scale+1e-9))
	top, left := int(math.RoundToEven(float64(rh-h)/2)), int(math.RoundToEven(float64(rw-w)/2))
	return smooth(sh, rh, top, h), smooth(sw, rw, left, w)
}

// smooth weighs source pixels for n pixels from first of a line that is resized to length, linearly
// and, when it shrinks, with a triangle as wide as two of its pixels: PIL's and torchvision's
// antialiased bilinear filter.
func smooth(from, length, first, n int) taps {
	t := taps{first: make([]int, n), weights: make([][]float32, n)}
	scale := float64(from) / float64(length)
	support := max(scale, 1)
	for i := range n {
		center := (float64(first+i) + 0.5) * scale
		low, high := max(int(center-support+0.5), 0), min(int(center+support+0.5), from)
		weights, sum := make([]float64, high-low), 0.0
		for k := range weights {
			weights[k] = max(0, 1-math.Abs(float64(low+k)+0.5-center)/support)
			sum += weights[k]
		}
		t.first[i], t.weights[i] = low, make([]float32, len(weights))
		for k, v := range weights {
			t.weights[i][k] = float32(v / sum)
		}
	}
	return t
}
