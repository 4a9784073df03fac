package op

import "gorgonia.org/gorgonia"

// DLR is the sum over the batch of the difference-of-logits ratio (Croce and Hein 2020), a scalar,
// from logits z [N,K], K being 3 or more, and target [N,K], whose argmax is the class y:
//
//	−(z[y] − max over i≠y of z[i]) / (z[π1] − z[π3] + 1e-12)
//
// where π sorts z in descending order. Unlike cross-entropy it is invariant to the scale of the
// logits, so that its gradient does not vanish for confident predictions.
type DLR struct{}

// DLRGrad is DLR's gradient with respect to the logits, from logits, target
// and the scalar dloss.
type DLRGrad struct{}

const ratioFloor = 1e-12

func (DLR) Dims() []int { return []int{2, 2, 0} }

func (DLR) Infer(in [][]int) ([]int, error) { return []int{}, ratioShapes(in) }

func (o DLR) Do(out Tensor, in []Tensor) {
	classes, sum := in[0].Shape[1], 0.0
	for from := 0; from < len(in[0].Data); from += classes {
		sum += o.Row(in[0].Data[from:from+classes], LabelOf(in[1].Data[from:from+classes]))
	}
	out.Data[0] = float32(sum)
}

// Row returns the ratio of one row with the given label.
func (DLR) Row(logits []float32, label int) float64 {
	return rankLogits(logits, label).ratio()
}

// LabelOf returns the class of a row of target: the first argmax.
func LabelOf(target []float32) int {
	label := 0
	for k, t := range target {
		if t > target[label] {
			label = k
		}
	}
	return label
}

func (DLR) Wrt() []bool { return []bool{true, false} }

func (DLR) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{DLRGrad{}, gorgonia.Nodes{in[0], in[1], grad}}, call{})
}

func (DLRGrad) Dims() []int { return []int{2, 2, 0, 2} }

func (DLRGrad) Infer(in [][]int) ([]int, error) { return in[0], ratioShapes(in) }

func (o DLRGrad) Do(out Tensor, in []Tensor) {
	classes := in[0].Shape[1]
	for from := 0; from < len(in[0].Data); from += classes {
		to := from + classes
		o.Row(out.Data[from:to], in[0].Data[from:to], LabelOf(in[1].Data[from:to]), in[2].Data[0])
	}
}

// Row computes the gradient of one row with the given label.
func (DLRGrad) Row(out, logits []float32, label int, dloss float32) {
	r := rankLogits(logits, label)
	clear(out)
	scale := float64(dloss) / r.spread
	pull := r.ratio() * scale // of the denominator
	add := func(k int, v float64) { out[k] = float32(float64(out[k]) + v) }
	add(r.label, -scale)
	add(r.rival, scale)
	add(r.first, -pull)
	add(r.third, pull)
}

func ratioShapes(in [][]int) error {
	if in[0][1] < 3 {
		return equal(in[0], []int{in[0][0], 3})
	}
	return equal(in[1], in[0])
}

// ranks are the logits of a row that its ratio depends on.
type ranks struct {
	label, rival int // the class, and the largest other logit
	first, third int
	margin       float64 // of label over rival
	spread       float64 // of first over third
}

func (r ranks) ratio() float64 { return -r.margin / r.spread }

func rankLogits(logits []float32, label int) ranks {
	r := ranks{label: label, rival: -1}
	order := [3]int{-1, -1, -1}
	for k, z := range logits {
		if k != r.label && (r.rival < 0 || z > logits[r.rival]) {
			r.rival = k
		}
		for i, at := range order {
			if at < 0 || z > logits[at] { // equal ones stay in order
				copy(order[i+1:], order[i:])
				order[i] = k
				break
			}
		}
	}
	r.first, r.third = order[0], order[2]
	r.margin = float64(logits[r.label]) - float64(logits[r.rival])
	r.spread = float64(logits[r.first]) - float64(logits[r.third]) + ratioFloor
	return r
}
