package op

import (
	"math"

	"gorgonia.org/gorgonia"
)

// SoftmaxCrossEntropy is the mean over the batch, or the sum, of −Σ target·log softmax(logits), a
// scalar, from logits [N,K] and class probabilities target [N,K] (one-hot for hard labels).
type SoftmaxCrossEntropy struct{ Sum bool }

func (SoftmaxCrossEntropy) Dims() []int { return []int{2, 2, 0} }

func (SoftmaxCrossEntropy) Infer(in [][]int) ([]int, error) { return []int{}, equal(in[1], in[0]) }

func (o SoftmaxCrossEntropy) Do(out Tensor, in []Tensor) {
	logits, target := in[0], in[1].Data
	sum := 0.0
	rows(logits, func(from, to int, shift float64) {
		for i := from; i < to; i++ {
			if target[i] != 0 { // 0·log 0 is 0
				sum -= float64(target[i]) * (float64(logits.Data[i]) - shift)
			}
		}
	})
	out.Data[0] = float32(sum / images(o.Sum, logits.Shape[0]))
}

func (SoftmaxCrossEntropy) Wrt() []bool { return []bool{true, false} }

func (o SoftmaxCrossEntropy) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{SoftmaxCrossEntropyGrad(o), gorgonia.Nodes{in[0], in[1], grad}}, call{})
}

// SoftmaxCrossEntropyGrad is SoftmaxCrossEntropy's gradient with respect to the logits,
// from logits, target and the scalar dloss.
type SoftmaxCrossEntropyGrad struct{ Sum bool }

// Images returns the divisor of a sum over n images.
func (o SoftmaxCrossEntropyGrad) Images(n int) float64 { return images(o.Sum, n) }

func images(sum bool, n int) float64 {
	if sum {
		return 1
	}
	return float64(n)
}

func (SoftmaxCrossEntropyGrad) Dims() []int { return []int{2, 2, 0, 2} }

func (SoftmaxCrossEntropyGrad) Infer(in [][]int) ([]int, error) { return in[0], equal(in[1], in[0]) }

func (o SoftmaxCrossEntropyGrad) Do(out Tensor, in []Tensor) {
	logits, target := in[0], in[1].Data
	scale := float64(in[2].Data[0]) / o.Images(logits.Shape[0])
	rows(logits, func(from, to int, shift float64) {
		total := 0.0
		for _, t := range target[from:to] {
			total += float64(t)
		}
		for i := from; i < to; i++ {
			p := math.Exp(float64(logits.Data[i]) - shift)
			out.Data[i] = float32((p*total - float64(target[i])) * scale)
		}
	})
}

// rows calls f with the range of every row of z [N,K] and the row's log Σexp(z), computed without
// overflow.
func rows(z Tensor, f func(from, to int, logSum float64)) {
	classes := z.Shape[1]
	for from := 0; from < len(z.Data); from += classes {
		row := z.Data[from : from+classes]
		top := math.Inf(-1)
		for _, v := range row {
			top = math.Max(top, float64(v))
		}
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		f(from, from+classes, top+math.Log(sum))
	}
}
