package measure

import (
	"context"
	"errors"
	"math"
)

const (
	// Batch is the batch size of measurements with running statistics.
	Batch = 128
	// StatisticsBatch is the number of images that share batch statistics: the batch size of
	// the paper.
	StatisticsBatch = 100
)

// Classifier runs inference on batches of images.
type Classifier interface {
	// Batch is the largest number of images in a batch.
	Batch() int
	// Classes is the number of logits per image.
	Classes() int
	// Logits computes dst [n, Classes] for n ≤ Batch images x [n,C,H,W] with pixels in [0,1].
	Logits(ctx context.Context, dst, x []float32, n int) error
}

// ErrNotFinite is the error of logits that are not finite: there is no predicted class to
// compare with the label.
var ErrNotFinite = errors.New("non-finite logits: the weights or rho are too large; use another model or a smaller rho")

// CheckLogits returns ErrNotFinite unless all logits are finite.
func CheckLogits(logits []float32) error {
	for _, v := range logits {
		if v-v != 0 {
			return ErrNotFinite
		}
	}
	return nil
}

// Argmax returns the index of the largest value, the first one of ties.
func Argmax(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// Prediction is the output of a model for one image.
type Prediction struct {
	Class         int       // index of the most probable class
	Probabilities []float64 // softmax of the logits, one per class
}

// NewPrediction returns the softmax of the logits of one image.
func NewPrediction(logits []float32) Prediction {
	p := Prediction{Class: Argmax(logits), Probabilities: make([]float64, len(logits))}
	top, sum := float64(logits[p.Class]), 0.0
	for i, z := range logits {
		p.Probabilities[i] = math.Exp(float64(z) - top)
		sum += p.Probabilities[i]
	}
	for i := range p.Probabilities {
		p.Probabilities[i] /= sum
	}
	return p
}

// Predict runs inference on one image x [C,H,W].
func Predict(ctx context.Context, c Classifier, x []float32) (Prediction, error) {
	logits := make([]float32, c.Classes())
	if err := c.Logits(ctx, logits, x, 1); err != nil {
		return Prediction{}, err
	}
	if err := CheckLogits(logits); err != nil {
		return Prediction{}, err
	}
	return NewPrediction(logits), nil
}
