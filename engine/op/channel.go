package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// ChannelBias adds b [C] to the channels of x [N,C,H,W].
type ChannelBias struct{}

func (ChannelBias) Dims() []int { return []int{4, 1, 4} }

func (ChannelBias) Infer(in [][]int) ([]int, error) { return in[0], perChannel(in[0], in[1]) }

func (ChannelBias) Do(out Tensor, in []Tensor) {
	b := in[1].Data
	planes(out.Shape, func(c, from, to int) {
		for i := from; i < to; i++ {
			out.Data[i] = in[0].Data[i] + b[c]
		}
	})
}

func (ChannelBias) Wrt() []bool { return []bool{true, true} }

func (ChannelBias) Gradients(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	db, err := Apply(ChannelSum{}, grad)
	return gorgonia.Nodes{grad, db}, err
}

// ChannelSum sums dy [N,C,H,W] to [C]: the gradient of ChannelBias with respect to b.
type ChannelSum struct{}

func (ChannelSum) Dims() []int { return []int{4, 1} }

func (ChannelSum) Infer(in [][]int) ([]int, error) { return []int{in[0][1]}, nil }

func (ChannelSum) Do(out Tensor, in []Tensor) {
	sum := make([]float64, len(out.Data))
	planes(in[0].Shape, func(c, from, to int) {
		for _, v := range in[0].Data[from:to] {
			sum[c] += float64(v)
		}
	})
	round(out.Data, sum)
}

// planes calls f for every plane of an NCHW array, with its channel and its range of elements.
func planes(shape []int, f func(c, from, to int)) {
	hw := shape[2] * shape[3]
	for i := range shape[0] * shape[1] {
		f(i%shape[1], i*hw, (i+1)*hw)
	}
}

// perChannel returns an error unless all vectors have one element per channel of x.
func perChannel(x []int, vectors ...[]int) error {
	for _, v := range vectors {
		if v[0] != x[1] {
			return fmt.Errorf("%d values for %d channels of %v", v[0], x[1], x)
		}
	}
	return nil
}
