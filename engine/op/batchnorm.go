package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
)

// BatchStats computes the mean and the biased variance of every channel of x [N,C,H,W], as [2,C].
// It has no gradient of its own: BatchNorm's gradients account for it.
type BatchStats struct{}

func (BatchStats) Dims() []int { return []int{4, 2} }

func (BatchStats) Infer(in [][]int) ([]int, error) { return []int{2, in[0][1]}, nil }

func (BatchStats) Do(out Tensor, in []Tensor) {
	x, channels := in[0], in[0].Shape[1]
	mean, variance := make([]float64, channels), make([]float64, channels)
	count := float64(len(x.Data) / channels)
	planes(x.Shape, func(c, from, to int) {
		for _, v := range x.Data[from:to] {
			mean[c] += float64(v) / count
		}
	})
	planes(x.Shape, func(c, from, to int) {
		for _, v := range x.Data[from:to] {
			d := float64(v) - mean[c]
			variance[c] += d * d / count
		}
	})
	round(out.Data[:channels], mean)
	round(out.Data[channels:], variance)
}

// BatchNorm is y = (x − mean)/√(variance + Epsilon)·gamma + beta (Ioffe and Szegedy 2015)
// from x [N,C,H,W], stats [2,C] (means, then variances), gamma [C] and beta [C]. The
// statistics are either BatchStats of the same x or fixed ones.
type BatchNorm struct{ Epsilon float64 }

func (BatchNorm) Dims() []int { return []int{4, 2, 1, 1, 4} }

func (BatchNorm) Infer(in [][]int) ([]int, error) {
	return in[0], normSizes(in[0], in[1], in[2], in[3])
}

func (o BatchNorm) Do(out Tensor, in []Tensor) {
	x, gamma, beta := in[0].Data, in[2].Data, in[3].Data
	planes(out.Shape, func(c, from, to int) {
		mean, inverse := moments(in[1].Data, c, o.Epsilon)
		scale := float64(gamma[c]) * inverse
		for i := from; i < to; i++ {
			out.Data[i] = float32((float64(x[i])-mean)*scale + float64(beta[c]))
		}
	})
}

func (BatchNorm) Wrt() []bool { return []bool{true, false, true, true} }

func (o BatchNorm) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	x, stats, gamma := in[0], in[1], in[2]
	reduce, err := Apply(BatchNormReduce(o), x, stats, grad)
	if err != nil {
		return nil, err
	}
	dx := call{BatchNormScaleGrad(o), gorgonia.Nodes{stats, gamma, grad}}
	if _, ok := Of(stats).(BatchStats); ok {
		dx = call{BatchNormInputGrad(o), gorgonia.Nodes{x, stats, gamma, reduce, grad}}
	}
	return applyAll(dx, call{},
		call{Row{0}, gorgonia.Nodes{reduce}},
		call{Row{1}, gorgonia.Nodes{reduce}})
}

// BatchNormReduce is BatchNorm's gradients with respect to gamma and beta, as [2,C], from x, stats
// and dy.
type BatchNormReduce struct{ Epsilon float64 }

func (BatchNormReduce) Dims() []int { return []int{4, 2, 4, 2} }

func (BatchNormReduce) Infer(in [][]int) ([]int, error) {
	if err := equal(in[2], in[0]); err != nil {
		return nil, err
	}
	return in[1], normSizes(in[0], in[1])
}

func (o BatchNormReduce) Do(out Tensor, in []Tensor) {
	x, dy := in[0].Data, in[2].Data
	channels := out.Shape[1]
	sums := make([]float64, 2*channels)
	planes(in[0].Shape, func(c, from, to int) {
		mean, inverse := moments(in[1].Data, c, o.Epsilon)
		for i := from; i < to; i++ {
			sums[c] += float64(dy[i]) * (float64(x[i]) - mean) * inverse
			sums[channels+c] += float64(dy[i])
		}
	})
	round(out.Data, sums)
}

// BatchNormInputGrad is BatchNorm's gradient with respect to x where stats are BatchStats
// of x, from x, stats, gamma, BatchNormReduce's result and dy.
type BatchNormInputGrad struct{ Epsilon float64 }

func (BatchNormInputGrad) Dims() []int { return []int{4, 2, 1, 2, 4, 4} }

func (BatchNormInputGrad) Infer(in [][]int) ([]int, error) {
	if err := equal(in[4], in[0]); err != nil {
		return nil, err
	}
	if err := equal(in[3], in[1]); err != nil {
		return nil, err
	}
	return in[0], normSizes(in[0], in[1], in[2])
}

func (o BatchNormInputGrad) Do(out Tensor, in []Tensor) {
	x, gamma, reduce, dy := in[0].Data, in[2].Data, in[3].Data, in[4].Data
	channels := out.Shape[1]
	count := float64(len(x) / channels)
	planes(out.Shape, func(c, from, to int) {
		mean, inverse := moments(in[1].Data, c, o.Epsilon)
		scale := float64(gamma[c]) * inverse
		dgamma, dbeta := float64(reduce[c])/count, float64(reduce[channels+c])/count
		for i := from; i < to; i++ {
			normal := (float64(x[i]) - mean) * inverse
			out.Data[i] = float32(scale * (float64(dy[i]) - dbeta - normal*dgamma))
		}
	})
}

// BatchNormScaleGrad is BatchNorm's gradient with respect to x where stats are fixed, from
// stats, gamma and dy.
type BatchNormScaleGrad struct{ Epsilon float64 }

func (BatchNormScaleGrad) Dims() []int { return []int{2, 1, 4, 4} }

func (BatchNormScaleGrad) Infer(in [][]int) ([]int, error) {
	return in[2], normSizes(in[2], in[0], in[1])
}

func (o BatchNormScaleGrad) Do(out Tensor, in []Tensor) {
	gamma, dy := in[1].Data, in[2].Data
	planes(out.Shape, func(c, from, to int) {
		_, inverse := moments(in[0].Data, c, o.Epsilon)
		scale := float64(gamma[c]) * inverse
		for i := from; i < to; i++ {
			out.Data[i] = float32(float64(dy[i]) * scale)
		}
	})
}

// moments returns the mean of channel c and 1/√(variance + epsilon).
func moments(stats []float32, c int, epsilon float64) (mean, inverse float64) {
	return float64(stats[c]), 1 / math.Sqrt(float64(stats[len(stats)/2+c])+epsilon)
}

// normSizes returns an error unless stats is [2,C] and all vectors are [C] for x [N,C,H,W].
func normSizes(x, stats []int, vectors ...[]int) error {
	if err := equal(stats, []int{2, x[1]}); err != nil {
		return fmt.Errorf("statistics: %w", err)
	}
	return perChannel(x, vectors...)
}
