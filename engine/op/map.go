package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
)

// Map applies a function to every element of x, of any shape.
type Map struct {
	Func string  // a key of Functions
	A, B float64 // its constants
}

// Function is a scalar function with two constants.
type Function struct {
	F  func(x, a, b float64) float64
	DF func(x, a, b float64) float64 // its derivative with respect to x
}

// Functions are the functions of Map, by name.
var Functions = map[string]Function{
	"affine":        {func(x, a, b float64) float64 { return a*x + b }, func(_, a, _ float64) float64 { return a }},
	"clip":          {clip, func(x, a, b float64) float64 { return step(x >= a && x <= b) }},
	"leakyrelu":     {leaky, func(x, a, _ float64) float64 { return leaky(1-2*step(x < 0), a, 0) * (1 - 2*step(x < 0)) }},
	"elu":           {func(x, a, _ float64) float64 { return when(x >= 0, x, a*math.Expm1(x)) }, func(x, a, _ float64) float64 { return when(x >= 0, 1, a*math.Exp(x)) }},
	"selu":          {func(x, a, b float64) float64 { return b * when(x >= 0, x, a*math.Expm1(x)) }, func(x, a, b float64) float64 { return b * when(x >= 0, 1, a*math.Exp(x)) }},
	"sigmoid":       {sigmoid, func(x, _, _ float64) float64 { s := sigmoid(x, 0, 0); return s * (1 - s) }},
	"silu":          {func(x, _, _ float64) float64 { return x * sigmoid(x, 0, 0) }, func(x, _, _ float64) float64 { s := sigmoid(x, 0, 0); return s * (1 + x*(1-s)) }},
	"hardsigmoid":   {func(x, a, b float64) float64 { return clip(a*x+b, 0, 1) }, func(x, a, b float64) float64 { return a * step(a*x+b > 0 && a*x+b < 1) }},
	"hardswish":     {func(x, _, _ float64) float64 { return x * clip(x/6+0.5, 0, 1) }, hardSwishSlope},
	"tanh":          {func(x, _, _ float64) float64 { return math.Tanh(x) }, func(x, _, _ float64) float64 { t := math.Tanh(x); return 1 - t*t }},
	"softplus":      {softplus, sigmoid},
	"softsign":      {func(x, _, _ float64) float64 { return x / (1 + math.Abs(x)) }, func(x, _, _ float64) float64 { d := 1 + math.Abs(x); return 1 / (d * d) }},
	"mish":          {func(x, _, _ float64) float64 { return x * math.Tanh(softplus(x, 0, 0)) }, mishSlope},
	"gelu":          {func(x, _, _ float64) float64 { return x * normal(x) }, func(x, _, _ float64) float64 { return normal(x) + x*density(x) }},
	"gelutanh":      {func(x, _, _ float64) float64 { return 0.5 * x * (1 + math.Tanh(geluInner(x))) }, geluTanhSlope},
	"erf":           {func(x, _, _ float64) float64 { return math.Erf(x) }, func(x, _, _ float64) float64 { return 2 / math.Sqrt(math.Pi) * math.Exp(-x*x) }},
	"exp":           {func(x, _, _ float64) float64 { return math.Exp(x) }, func(x, _, _ float64) float64 { return math.Exp(x) }},
	"log":           {func(x, _, _ float64) float64 { return math.Log(x) }, func(x, _, _ float64) float64 { return 1 / x }},
	"sqrt":          {func(x, _, _ float64) float64 { return math.Sqrt(x) }, func(x, _, _ float64) float64 { return 0.5 / math.Sqrt(x) }},
	"abs":           {func(x, _, _ float64) float64 { return math.Abs(x) }, func(x, _, _ float64) float64 { return step(x > 0) - step(x < 0) }},
	"reciprocal":    {func(x, _, _ float64) float64 { return 1 / x }, func(x, _, _ float64) float64 { return -1 / (x * x) }},
	"pow":           {func(x, a, _ float64) float64 { return math.Pow(x, a) }, powSlope},
	"thresholdrelu": {func(x, a, _ float64) float64 { return when(x > a, x, 0) }, func(x, a, _ float64) float64 { return step(x > a) }},
}

func when(ok bool, yes, no float64) float64 {
	if ok {
		return yes
	}
	return no
}

// step is 1 or 0.
func step(ok bool) float64 { return when(ok, 1, 0) }

// clip returns NaN for NaN.
func clip(x, a, b float64) float64 { return math.Min(math.Max(x, a), b) }

func leaky(x, a, _ float64) float64 { return when(x < 0, a*x, x) }

func sigmoid(x, _, _ float64) float64 { return 1 / (1 + math.Exp(-x)) }

// softplus is log(1 + eˣ), without overflow.
func softplus(x, _, _ float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// normal is the standard normal distribution function, density its derivative.
func normal(x float64) float64  { return 0.5 * math.Erfc(-x/math.Sqrt2) }
func density(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// geluInner is the argument of tanh in the approximate GELU (Hendrycks and Gimpel 2016).
func geluInner(x float64) float64 { return math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x) }

func geluTanhSlope(x, _, _ float64) float64 {
	t := math.Tanh(geluInner(x))
	return 0.5*(1+t) + 0.5*x*(1-t*t)*math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
}

func hardSwishSlope(x, _, _ float64) float64 {
	switch {
	case x <= -3:
		return 0
	case x >= 3:
		return 1
	}
	return x/3 + 0.5
}

func mishSlope(x, _, _ float64) float64 {
	t := math.Tanh(softplus(x, 0, 0))
	return t + x*(1-t*t)*sigmoid(x, 0, 0)
}

func powSlope(x, a, _ float64) float64 {
	if a == 0 {
		return 0
	}
	return a * math.Pow(x, a-1)
}

func (Map) Dims() []int { return []int{Any, Any} }

func (o Map) Infer(in [][]int) ([]int, error) {
	if _, ok := Functions[o.Func]; !ok {
		return nil, fmt.Errorf("unknown function %q", o.Func)
	}
	return in[0], nil
}

func (o Map) Do(out Tensor, in []Tensor) {
	f := Functions[o.Func].F
	inChunks(len(out.Data), func(from, to int) {
		for i, v := range in[0].Data[from:to] {
			out.Data[from+i] = float32(f(float64(v), o.A, o.B))
		}
	})
}

func (Map) Wrt() []bool { return []bool{true} }

func (o Map) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.Func == "affine" {
		return applyAll(call{Map{"affine", o.A, 0}, gorgonia.Nodes{grad}})
	}
	return applyAll(call{MapGrad(o), gorgonia.Nodes{in[0], grad}})
}

// MapGrad is dy times the derivative of Map's function at x, from x and dy.
type MapGrad struct {
	Func string
	A, B float64
}

func (MapGrad) Dims() []int { return []int{Any, Any, Any} }

func (o MapGrad) Infer(in [][]int) ([]int, error) {
	if _, ok := Functions[o.Func]; !ok {
		return nil, fmt.Errorf("unknown function %q", o.Func)
	}
	return same(in)
}

func (o MapGrad) Do(out Tensor, in []Tensor) {
	df, dy := Functions[o.Func].DF, in[1].Data
	inChunks(len(out.Data), func(from, to int) {
		for i, v := range in[0].Data[from:to] {
			out.Data[from+i] = float32(float64(dy[from+i]) * df(float64(v), o.A, o.B))
		}
	})
}

// inChunks calls f for ranges that cover n elements, in parallel.
func inChunks(n int, f func(from, to int)) {
	const size = 1 << 14
	each((n+size-1)/size, func(i int) { f(i*size, min(n, (i+1)*size)) })
}
