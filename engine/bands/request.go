package bands

import (
	"fmt"
	"math"
)

// Normalization is what is done to a low- or high-frequency image before a model sees
// it. Whole images are always shown to the model as they are.
type Normalization int

// The named normalisations. Each applies per image, over all its channels.
const (
	NormalizeNone Normalization = iota // as it is
	NormalizeMax                       // divided by its own maximum, negatives kept (what the paper's code did)
	NormalizeStd                       // its mean subtracted, divided by its own standard deviation
)

var normalizations = [...]string{"none", "max", "std"}

// String returns "none", "max" or "std".
func (n Normalization) String() string { return normalizations[n] }

// ParseNormalization reads "none", "max" or "std".
func ParseNormalization(s string) (Normalization, error) {
	for i, name := range normalizations {
		if s == name {
			return Normalization(i), nil
		}
	}
	return 0, fmt.Errorf("unknown normalisation %q: use none, max or std", s)
}

// Apply normalises one image in place. An image without a positive maximum (max) or
// without variance (std) is left as it is.
func (n Normalization) Apply(image []float32) {
	switch n {
	case NormalizeMax:
		largest := float32(0)
		for _, v := range image {
			largest = max(largest, v)
		}
		if largest > 0 {
			for i := range image {
				image[i] /= largest
			}
		}
	case NormalizeStd:
		sum, square := 0.0, 0.0
		for _, v := range image {
			sum += float64(v)
		}
		mean := sum / float64(len(image))
		for _, v := range image {
			square += (float64(v) - mean) * (float64(v) - mean)
		}
		deviation := math.Sqrt(square / float64(len(image)))
		// A band that holds nothing is zero but for rounding; scaling that up would
		// show the model pure rounding noise.
		if deviation < 1e-6 {
			return
		}
		for i, v := range image {
			image[i] = float32((float64(v) - mean) / deviation)
		}
	}
}

// Statistics says where batch-norm takes its mean and variance from at evaluation.
type Statistics int

// Running statistics were gathered in training; batch statistics are those of the
// batch at hand, as the paper's code used them.
const (
	RunningStatistics Statistics = iota
	BatchStatistics
)

// String returns "running" or "batch".
func (s Statistics) String() string { return [...]string{"running", "batch"}[s] }

// ParseStatistics reads "running" or "batch".
func ParseStatistics(s string) (Statistics, error) {
	switch s {
	case "running":
		return RunningStatistics, nil
	case "batch":
		return BatchStatistics, nil
	}
	return 0, fmt.Errorf("unknown batch-norm mode %q: use running or batch", s)
}
