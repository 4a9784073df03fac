package plan

import (
	"slices"

	"hfcui/engine/op"
)

// The operations below combine several of package op, which devices compute in one pass over
// memory. Only Fuse creates them. Do runs the operations in sequence.

// FusedConv is a convolution, then optionally ChannelBias, BatchNorm, Add, and ReLU or another
// function, of the inputs x, w, [bias], [stats, gamma, beta], [addend].
type FusedConv struct {
	Conv              op.GeneralConv
	Bias, Norm        bool
	Epsilon           float64 // of Norm
	Residual, Rectify bool
	Map               op.Map // none if Func is ""
}

// FusedNorm is BatchNorm, [Add] and ReLU, of the inputs x, stats, gamma, beta, [addend].
type FusedNorm struct {
	Epsilon  float64
	Residual bool
}

// FusedNormReduce is ReLUGrad and BatchNormReduce, of the inputs x, stats, gamma, beta, dy. The
// ReLU's output, FusedNorm of x without addend, is recomputed.
type FusedNormReduce struct{ Epsilon float64 }

// FusedNormInputGrad is ReLUGrad and BatchNormInputGrad in the same way, of the inputs x, stats,
// gamma, beta, BatchNormReduce's result, dy.
type FusedNormInputGrad struct{ Epsilon float64 }

// FusedConvInputGrad is optionally BatchNormScaleGrad, then ConvInputGrad, then optionally Add,
// of the inputs w, dy, [stats, gamma], [addend].
type FusedConvInputGrad struct {
	Grad           op.GeneralConvInputGrad
	Norm, Residual bool
	Epsilon        float64 // of Norm
}

// FusedLinear is Linear and ReLU, of the inputs x, w, b.
type FusedLinear struct{}

// some returns n if present, else no dimensions.
func some(present bool, dims ...int) []int {
	if present {
		return dims
	}
	return nil
}

func (o FusedConv) Dims() []int {
	return slices.Concat([]int{4, 4}, some(o.Bias, 1), some(o.Norm, 2, 1, 1), some(o.Residual, 4), []int{4})
}

// Sources returns FusedConv's inputs by role; nil for absent ones.
func (o FusedConv) Sources(in []*Value) (bias, stats, gamma, beta, addend *Value) {
	in = in[2:]
	if o.Bias {
		bias, in = in[0], in[1:]
	}
	if o.Norm {
		stats, gamma, beta, in = in[0], in[1], in[2], in[3:]
	}
	if o.Residual {
		addend = in[0]
	}
	return bias, stats, gamma, beta, addend
}

func (o FusedConv) steps() []op.Op {
	steps := []op.Op{o.Conv}
	if o.Bias {
		steps = append(steps, op.ChannelBias{})
	}
	if o.Norm {
		steps = append(steps, op.BatchNorm{Epsilon: o.Epsilon})
	}
	if o.Residual {
		steps = append(steps, op.Add{})
	}
	if o.Rectify {
		steps = append(steps, op.ReLU{})
	}
	if o.Map.Func != "" {
		steps = append(steps, o.Map)
	}
	return steps
}

func (o FusedConv) Infer(in [][]int) ([]int, error) { return inferChain(o.steps(), in) }

func (o FusedConv) Do(out op.Tensor, in []op.Tensor) { doChain(o.steps(), out, in) }

func (o FusedNorm) Dims() []int {
	return slices.Concat([]int{4, 2, 1, 1}, some(o.Residual, 4), []int{4})
}

func (o FusedNorm) steps() []op.Op {
	if o.Residual {
		return []op.Op{op.BatchNorm{Epsilon: o.Epsilon}, op.Add{}, op.ReLU{}}
	}
	return []op.Op{op.BatchNorm{Epsilon: o.Epsilon}, op.ReLU{}}
}

func (o FusedNorm) Infer(in [][]int) ([]int, error) { return inferChain(o.steps(), in) }

func (o FusedNorm) Do(out op.Tensor, in []op.Tensor) { doChain(o.steps(), out, in) }

func (FusedNormReduce) Dims() []int { return []int{4, 2, 1, 1, 4, 2} }

func (o FusedNormReduce) Infer(in [][]int) ([]int, error) {
	if _, err := op.Check(op.BatchNorm(o), in[:4]); err != nil {
		return nil, err
	}
	return op.Check(op.BatchNormReduce(o), [][]int{in[0], in[1], in[4]})
}

func (o FusedNormReduce) Do(out op.Tensor, in []op.Tensor) {
	dy := rectifiedGrad(o.Epsilon, in[:4], in[4])
	op.BatchNormReduce(o).Do(out, []op.Tensor{in[0], in[1], dy})
}

func (FusedNormInputGrad) Dims() []int { return []int{4, 2, 1, 1, 2, 4, 4} }

func (o FusedNormInputGrad) Infer(in [][]int) ([]int, error) {
	if _, err := op.Check(op.BatchNorm(o), in[:4]); err != nil {
		return nil, err
	}
	return op.Check(op.BatchNormInputGrad(o), [][]int{in[0], in[1], in[2], in[4], in[5]})
}

func (o FusedNormInputGrad) Do(out op.Tensor, in []op.Tensor) {
	dy := rectifiedGrad(o.Epsilon, in[:4], in[5])
	op.BatchNormInputGrad(o).Do(out, []op.Tensor{in[0], in[1], in[2], in[4], dy})
}

// rectifiedGrad computes ReLUGrad of the batch norm of the given inputs.
func rectifiedGrad(epsilon float64, norm []op.Tensor, dy op.Tensor) op.Tensor {
	y, dx := empty(dy.Shape), empty(dy.Shape)
	op.BatchNorm{Epsilon: epsilon}.Do(y, norm)
	op.ReLUGrad{}.Do(dx, []op.Tensor{y, dy})
	return dx
}

func (o FusedConvInputGrad) Dims() []int {
	return slices.Concat([]int{4, 4}, some(o.Norm, 2, 1), some(o.Residual, 4), []int{4})
}

func (o FusedConvInputGrad) Infer(in [][]int) ([]int, error) {
	dx, err := op.Check(o.Grad, in[:2])
	if err == nil && o.Norm {
		_, err = op.Check(op.BatchNormScaleGrad{Epsilon: o.Epsilon}, [][]int{in[2], in[3], in[1]})
	}
	if err == nil && o.Residual {
		_, err = op.Check(op.Add{}, [][]int{dx, in[len(in)-1]})
	}
	return dx, err
}

func (o FusedConvInputGrad) Do(out op.Tensor, in []op.Tensor) {
	dy := in[1]
	if o.Norm {
		dy = empty(dy.Shape)
		op.BatchNormScaleGrad{Epsilon: o.Epsilon}.Do(dy, []op.Tensor{in[2], in[3], in[1]})
	}
	o.Grad.Do(out, []op.Tensor{in[0], dy})
	if o.Residual {
		for i, v := range in[len(in)-1].Data {
			out.Data[i] += v
		}
	}
}

func (FusedLinear) Dims() []int { return op.Linear{}.Dims() }

func (FusedLinear) steps() []op.Op { return []op.Op{op.Linear{}, op.ReLU{}} }

func (o FusedLinear) Infer(in [][]int) ([]int, error) { return inferChain(o.steps(), in) }

func (o FusedLinear) Do(out op.Tensor, in []op.Tensor) { doChain(o.steps(), out, in) }

// inferChain infers the output shape of a chain of operations, each of which reads the result of
// the one before as its first input and the next inputs as its others.
func inferChain(steps []op.Op, in [][]int) ([]int, error) {
	out := in[0]
	in = in[1:]
	for _, o := range steps {
		n := len(o.Dims()) - 2
		shape, err := op.Check(o, append([][]int{out}, in[:n]...))
		if err != nil {
			return nil, err
		}
		out, in = shape, in[n:]
	}
	return out, nil
}

// doChain runs such a chain.
func doChain(steps []op.Op, out op.Tensor, in []op.Tensor) {
	x := in[0]
	in = in[1:]
	for _, o := range steps {
		n := len(o.Dims()) - 2
		y := empty(out.Shape)
		o.Do(y, append([]op.Tensor{x}, in[:n]...))
		x, in = y, in[n:]
	}
	copy(out.Data, x.Data)
}

func empty(shape []int) op.Tensor {
	return op.Tensor{Shape: shape, Data: make([]float32, op.Size(shape))}
}
