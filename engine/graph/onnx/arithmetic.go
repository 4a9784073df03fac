package onnx

import (
	"fmt"
	"math"
	"slices"
)

var unaries = map[string]func(float64) float64{
	"Neg": func(v float64) float64 { return -v }, "Floor": math.Floor, "Ceil": math.Ceil, "Round": math.RoundToEven, "Sqrt": math.Sqrt,
	"Abs": math.Abs, "Reciprocal": func(v float64) float64 { return 1 / v }, "Exp": math.Exp, "Log": math.Log,
	"Not": func(v float64) float64 { return truth(v == 0) }, "Sign": func(v float64) float64 { return truth(v > 0) - truth(v < 0) },
}

var arithmetic = map[string]func(a, b float64) float64{
	"Add": func(a, b float64) float64 { return a + b }, "Sub": func(a, b float64) float64 { return a - b },
	"Mul": func(a, b float64) float64 { return a * b }, "Div": func(a, b float64) float64 { return a / b },
	"Pow": math.Pow, "Min": math.Min, "Max": math.Max,
	"Mod":   func(a, b float64) float64 { return a - b*math.Floor(a/b) },
	"Equal": func(a, b float64) float64 { return truth(a == b) }, "Less": func(a, b float64) float64 { return truth(a < b) },
	"Greater": func(a, b float64) float64 { return truth(a > b) }, "And": func(a, b float64) float64 { return truth(a != 0 && b != 0) },
	"LessOrEqual": func(a, b float64) float64 { return truth(a <= b) }, "GreaterOrEqual": func(a, b float64) float64 { return truth(a >= b) },
	"Or": func(a, b float64) float64 { return truth(a != 0 || b != 0) },
}

func truth(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

// foldCast truncates toward zero for integer types.
func foldCast(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	to := int(n.intAttr("to", typeFloat))
	if floating(to) && !in[0].integer {
		return in[:1], nil
	}
	numbers, err := im.numbersOf(in[0])
	if err != nil {
		return nil, err
	}
	out := &constant{shape: in[0].shape, integer: !floating(to), numbers: slices.Clone(numbers)}
	for i, v := range numbers {
		switch {
		case to == typeBool:
			out.numbers[i] = truth(v != 0)
		case out.integer:
			out.numbers[i] = math.Trunc(v)
		}
	}
	return []*constant{out}, nil
}

func foldRange(im *importer, _ *protoNode, in []*constant) ([]*constant, error) {
	var v [3]float64
	for i := range v {
		if i >= len(in) || in[i] == nil {
			return nil, fmt.Errorf("unexpected number of inputs: %d", len(in))
		}
		numbers, err := im.numbersOf(in[i])
		if err != nil {
			return nil, err
		}
		if len(numbers) != 1 {
			return nil, fmt.Errorf("the inputs are not scalars")
		}
		v[i] = numbers[0]
	}
	count := math.Max(0, math.Ceil((v[1]-v[0])/v[2]))
	if !(count <= maxFolded) {
		return nil, fmt.Errorf("%v elements are not supported", count)
	}
	out := &constant{shape: []int{int(count)}, integer: in[0].integer, numbers: make([]float64, int(count))}
	for i := range out.numbers {
		out.numbers[i] = v[0] + float64(i)*v[2]
	}
	return []*constant{out}, nil
}

func foldUnary(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	numbers, err := im.numbersOf(in[0])
	if err != nil {
		return nil, err
	}
	out := &constant{shape: in[0].shape, integer: in[0].integer, numbers: make([]float64, len(numbers))}
	for i, v := range numbers {
		out.numbers[i] = unaries[n.op](v)
	}
	return []*constant{out}, nil
}

// foldBinary truncates the quotient of integers toward zero.
func foldBinary(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	out := in[0]
	for _, c := range in[1:] {
		if c == nil {
			return nil, fmt.Errorf("an input is missing")
		}
		shape, err := broadcastShape(out.shape, c.shape)
		if err != nil {
			return nil, err
		}
		count, err := im.foldable(shape)
		if err != nil {
			return nil, err
		}
		a, err := im.numbersOf(out)
		if err != nil {
			return nil, err
		}
		b, err := im.numbersOf(c)
		if err != nil {
			return nil, err
		}
		next := &constant{shape: shape, integer: out.integer, numbers: make([]float64, count)}
		indices(shape, func(i int, at []int) {
			v := arithmetic[n.op](a[place(out.shape, at)], b[place(c.shape, at)])
			if n.op == "Div" && out.integer {
				v = math.Trunc(v)
			}
			next.numbers[i] = v
		})
		out = next
	}
	return []*constant{out}, nil
}

func foldWhere(im *importer, _ *protoNode, in []*constant) ([]*constant, error) {
	if len(in) != 3 || in[1] == nil || in[2] == nil {
		return nil, fmt.Errorf("unexpected number of inputs: %d", len(in))
	}
	shape, err := broadcastShape(in[0].shape, in[1].shape)
	if err == nil {
		shape, err = broadcastShape(shape, in[2].shape)
	}
	if err != nil {
		return nil, err
	}
	count, err := im.foldable(shape)
	if err != nil {
		return nil, err
	}
	var numbers [3][]float64
	for i, c := range in {
		if numbers[i], err = im.numbersOf(c); err != nil {
			return nil, err
		}
	}
	out := &constant{shape: shape, integer: in[1].integer, numbers: make([]float64, count)}
	indices(shape, func(i int, at []int) {
		take := 2
		if numbers[0][place(in[0].shape, at)] != 0 {
			take = 1
		}
		out.numbers[i] = numbers[take][place(in[take].shape, at)]
	})
	return []*constant{out}, nil
}

func foldReduce(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	axes, keep, err := im.reduced(n, len(in[0].shape))
	if err != nil {
		return nil, err
	}
	numbers, err := im.numbersOf(in[0])
	if err != nil {
		return nil, err
	}
	kept := slices.Clone(in[0].shape)
	for _, a := range axes {
		kept[a] = 1
	}
	count, err := im.foldable(kept)
	if err != nil {
		return nil, err
	}
	start := map[string]float64{"ReduceProd": 1, "ReduceMin": math.Inf(1), "ReduceMax": math.Inf(-1)}[n.op]
	out := &constant{shape: kept, integer: in[0].integer, numbers: slices.Repeat([]float64{start}, count)}
	combine := map[string]string{"ReduceProd": "Mul", "ReduceMin": "Min", "ReduceMax": "Max"}[n.op]
	if combine == "" {
		combine = "Add"
	}
	indices(in[0].shape, func(i int, at []int) {
		to := &out.numbers[place(kept, at)]
		*to = arithmetic[combine](*to, numbers[i])
	})
	if n.op == "ReduceMean" {
		for i := range out.numbers {
			out.numbers[i] *= float64(count) / float64(len(numbers))
		}
	}
	if !keep {
		out.shape = without(kept, axes)
	}
	return []*constant{out}, nil
}
