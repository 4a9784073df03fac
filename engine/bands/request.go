package bands

import "fmt"

// Normalization is what is done to an image before a model sees it.
type Normalization int

// The named normalisations. Each applies per image, over all its channels.
const (
	NormalizeNone Normalization = iota // as it is
	NormalizeMax                       // divided by its own maximum, negatives kept (what the paper's code did)
	NormalizeStd                       // shifted to the mean and scaled to the standard deviation of the whole image
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

// Result is how accurate a model is on whole images and on their parts, so far.
type Result struct {
	Radii     []float64
	Whole     Score
	Low, High []Score // one a radius
	// Images is how many images of the split will be measured at each radius.
	Images int
	Done   bool
	// ImagesPerSecond counts images (not parts) through the model since the start.
	ImagesPerSecond float64
	// BatchSize is what batch statistics were taken over; 0 with running statistics.
	BatchSize int
}
