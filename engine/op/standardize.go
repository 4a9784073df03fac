package op

import (
	"math"

	"gorgonia.org/gorgonia"
)

// Standardize is (x − mean)/√(variance + Epsilon) for every row of x [R,M], with the row's mean and
// biased variance: layer, group and instance normalization (Ba et al. 2016, Wu and He 2018) before
// scale and shift.
type Standardize struct{ Epsilon float64 }

func (Standardize) Dims() []int { return []int{2, 2} }

func (Standardize) Infer(in [][]int) ([]int, error) { return in[0], nil }

func (o Standardize) Do(out Tensor, in []Tensor) {
	m := out.Shape[1]
	each(out.Shape[0], func(r int) {
		x := in[0].Data[r*m : (r+1)*m]
		mean, inverse := rowMoments(x, o.Epsilon)
		for i, v := range x {
			out.Data[r*m+i] = float32((float64(v) - mean) * inverse)
		}
	})
}

// rowMoments returns the mean of x and 1/√(variance + epsilon).
func rowMoments(x []float32, epsilon float64) (mean, inverse float64) {
	sum, n := 0.0, float64(len(x))
	for _, v := range x {
		sum += float64(v)
	}
	mean, sum = sum/n, 0
	for _, v := range x {
		sum += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, 1 / math.Sqrt(sum/n+epsilon)
}

func (Standardize) Wrt() []bool { return []bool{true} }

func (o Standardize) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{StandardizeGrad(o), gorgonia.Nodes{in[0], grad}})
}

// StandardizeGrad is Standardize's gradient from x and dy.
type StandardizeGrad struct{ Epsilon float64 }

func (StandardizeGrad) Dims() []int { return []int{2, 2, 2} }

func (StandardizeGrad) Infer(in [][]int) ([]int, error) { return same(in) }

func (o StandardizeGrad) Do(out Tensor, in []Tensor) {
	m := out.Shape[1]
	each(out.Shape[0], func(r int) {
		x, dy := in[0].Data[r*m:(r+1)*m], in[1].Data[r*m:(r+1)*m]
		mean, inverse := rowMoments(x, o.Epsilon)
		sum, product, n := 0.0, 0.0, float64(m)
		for i, v := range x {
			sum += float64(dy[i])
			product += float64(dy[i]) * (float64(v) - mean) * inverse
		}
		for i, v := range x {
			normal := (float64(v) - mean) * inverse
			out.Data[r*m+i] = float32(inverse * (float64(dy[i]) - sum/n - normal*product/n))
		}
	})
}
