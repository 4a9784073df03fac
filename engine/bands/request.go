package bands

import (
	"fmt"
	"math"

	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// Normalization is the transform of a low- or high-pass image before inference. Whole images
// are never transformed.
type Normalization = plan.Normalization

// The normalizations. Each applies per image, over all its channels.
const (
	NormalizeNone = plan.NormalizeNone
	NormalizeMax  = plan.NormalizeMax
	NormalizeStd  = plan.NormalizeStd
)

// ParseNormalization reads "none", "max" or "std".
func ParseNormalization(s string) (Normalization, error) { return plan.ParseNormalization(s) }

// Setting is everything but the image and the radius that determines a prediction.
type Setting struct {
	// Smoothing is the kernel smoothing of one convolution; the zero value is off.
	model.Smoothing
	// Normalize is applied to every low- and high-pass image before inference.
	Normalize Normalization
	// Statistics are those of batch-norm layers.
	Statistics model.Statistics
}

// Part is the whole image or one of its two frequency components.
type Part int

// The images a prediction is made for.
const (
	Whole Part = iota
	Low
	High
)

// String returns "whole", "low" or "high".
func (p Part) String() string { return [...]string{"whole", "low", "high"}[p] }

// Decomposition is the method of splitting an image into low- and high-pass image.
type Decomposition int

// Fourier keeps the frequencies within r of zero in the low-pass image. SVD keeps the largest
// singular values, as many as match the energy fraction of Fourier at r best: see
// [spectral.SVD.Matched]. All channels of an image have the same rank; images differ.
const (
	Fourier Decomposition = iota
	SVD
)

// String returns "fourier" or "svd".
func (d Decomposition) String() string { return [...]string{"fourier", "svd"}[d] }

// ParseDecomposition reads "fourier" or "svd".
func ParseDecomposition(s string) (Decomposition, error) {
	switch s {
	case "fourier":
		return Fourier, nil
	case "svd":
		return SVD, nil
	}
	return 0, fmt.Errorf("unknown decomposition %q: use fourier or svd", s)
}

// mostRadii is the maximum number of radii of a curve.
const mostRadii = 40

// Radii returns whole radii from 0 to past the corner, all of them if they are few.
func Radii(most float64) []float64 {
	step := max(1, math.Ceil(most/mostRadii))
	var radii []float64
	for r := 0.0; r < most; r += step {
		radii = append(radii, r)
	}
	return append(radii, most)
}
