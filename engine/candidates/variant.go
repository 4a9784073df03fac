package candidates

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// variant is a change of the model's assumptions. The zero value is the current model.
type variant struct {
	normal *model.Normalization // nil: unchanged
	bgr    bool                 // reversed channel order
	assume nets.Choices         // added to the given ones
}

// description returns the variant as a description.
func (v variant) description() model.Description {
	d := model.Description{BGR: v.bgr, Assume: v.assume}
	if v.normal != nil {
		d.Mean, d.Std = v.normal.Mean, v.normal.Std
	}
	return d
}

// with returns v with the changes of more.
func (v variant) with(more variant) variant {
	if more.normal != nil {
		v.normal = more.normal
	}
	v.bgr = v.bgr || more.bgr
	if len(more.assume) > 0 {
		assume := nets.Choices{}
		maps.Copy(assume, v.assume)
		maps.Copy(assume, more.assume)
		v.assume = assume
	}
	return v
}

// transform scales and shifts pixels so that m's normalization yields what v's would, so that one
// program evaluates all normalizations.
func (v variant) transform(x []float32, m *model.Model, plane int) []float32 {
	if v.normal == nil && !v.bgr {
		return x
	}
	channels := m.Net.Input[0]
	out := make([]float32, len(x))
	for i := range len(x) / plane {
		c := i % channels
		from := i
		if v.bgr {
			from = i - c + channels - 1 - c
		}
		scale, shift := float32(1), float32(0)
		if v.normal != nil {
			mean, std := v.normal.Mean[c%len(v.normal.Mean)], v.normal.Std[c%len(v.normal.Std)]
			own, ownStd := float32(0), float32(1)
			if m.Mean != nil {
				own, ownStd = m.Mean[c], m.Std[c]
			}
			scale, shift = ownStd/std, own-mean*ownStd/std
		}
		src, dst := x[from*plane:(from+1)*plane], out[i*plane:(i+1)*plane]
		for j, p := range src {
			dst[j] = p*scale + shift
		}
	}
	return out
}

// program is a compiled model.
type program struct {
	model *model.Model
	*model.Evaluator
}

// program returns the compiled network of a variant, cached by its assumptions; its input is
// transformed.
func (c *check) program(v variant) (*program, error) {
	var key strings.Builder
	for _, k := range slices.Sorted(maps.Keys(v.assume)) {
		fmt.Fprintf(&key, "%s=%s,", k, v.assume[k])
	}
	if p, ok := c.programs[key.String()]; ok {
		return p, nil
	}
	m := c.Model
	if len(v.assume) > 0 {
		var err error
		if m, err = c.Reopen(c.Given.With(model.Description{Assume: v.assume})); err != nil {
			return nil, err
		}
		if m.Net.Input != c.Model.Net.Input || m.Net.Classes != c.Model.Net.Classes {
			return nil, fmt.Errorf("input size or number of classes differs")
		}
	}
	e, err := m.NewEvaluator(c.Device, batch, model.RunningStatistics)
	if err != nil {
		return nil, err
	}
	p := &program{m, e}
	c.programs[key.String()] = p
	return p, nil
}

// close frees the programs and ignores errors.
func (c *check) close() {
	for _, p := range c.programs {
		p.Close()
	}
}

// singles returns the variants with one change from v. Activations other than ReLU-like ones are
// costly: several times as slow.
func (c *check) singles(v variant) (cheap, costly []variant) {
	for _, more := range append(c.inputs(v), c.options(v)...) {
		if costlyActivation(more) {
			costly = append(costly, v.with(more))
		} else {
			cheap = append(cheap, v.with(more))
		}
	}
	return cheap, costly
}

// costlyActivation reports whether a variant has an expensive activation, i.e. not a ReLU-like one.
func costlyActivation(v variant) bool {
	a := v.assume[nets.Activation]
	return a != "" && !strings.Contains(a, "relu")
}

// pairs returns all combinations of two changes, without expensive ones for large nets.
func (c *check) pairs() []variant {
	var list []variant
	options := c.options(variant{})
	if c.Model.Params() > large {
		options = slices.DeleteFunc(options, costlyActivation)
	}
	for _, input := range c.inputs(variant{}) {
		for _, option := range options {
			list = append(list, input.with(option))
		}
	}
	for i, a := range options {
		for _, b := range options[i+1:] {
			if both := a.with(b); len(both.assume) == 2 {
				list = append(list, both)
			}
		}
	}
	return list
}

// usual are the candidate normalizations by number of channels.
var usual = map[int][]string{
	1: {"none", "mnist", "half", "bytes"},
	3: {"none", "cifar10", "imagenet", "half", "bytes"},
}

// inputs returns the other normalizations and the reversed channel order.
func (c *check) inputs(v variant) []variant {
	var list []variant
	channels := c.Model.Net.Input[0]
	now := model.Normalization{Mean: []float32{0}, Std: []float32{1}}
	if v.normal != nil {
		now = *v.normal
	} else if c.Model.Mean != nil {
		now = model.Normalization{Mean: c.Model.Mean, Std: c.Model.Std}
	}
	known := []model.Normalization{now}
	add := func(n model.Normalization) {
		if !slices.ContainsFunc(known, func(k model.Normalization) bool { return near(k, n, channels) }) {
			known = append(known, n)
			list = append(list, variant{normal: &n})
		}
	}
	if v.normal == nil { // else it is already the best one
		for _, name := range usual[channels] {
			add(model.Normalizations[name])
		}
		add(c.own())
	}
	if channels == 3 && !v.bgr && !c.Given.BGR {
		list = append(list, variant{bgr: true})
	}
	return list
}

// near reports whether two normalizations are too similar to distinguish by accuracy.
func near(a, b model.Normalization, channels int) bool {
	for i := range channels {
		mean := a.Mean[i%len(a.Mean)] - b.Mean[i%len(b.Mean)]
		ratio := float64(a.Std[i%len(a.Std)] / b.Std[i%len(b.Std)])
		if math.Abs(float64(mean)) > 0.02 || ratio > 1.1 || ratio < 0.9 {
			return false
		}
	}
	return true
}

// own returns the mean and standard deviation of the images themselves, rounded to three decimals.
func (c *check) own() model.Normalization {
	ch, h, w := c.Model.Input()
	sum, squares, plane := make([]float64, ch), make([]float64, ch), h*w
	for i, p := range c.pixels {
		sum[i/plane%ch] += float64(p)
		squares[i/plane%ch] += float64(p) * float64(p)
	}
	n := model.Normalization{}
	count := float64(len(c.pixels) / ch)
	round := func(v float64) float32 { return float32(math.Round(v*1e3) / 1e3) }
	for i := range ch {
		mean := sum[i] / count
		n.Mean = append(n.Mean, round(mean))
		n.Std = append(n.Std, max(round(math.Sqrt(max(0, squares[i]/count-mean*mean))), 1e-3))
	}
	return n
}

// options returns the alternatives to assumptions about the network that were not given.
func (c *check) options(v variant) []variant {
	var list []variant
	for _, a := range c.Model.Assumed {
		if _, changed := v.assume[a.Key]; a.Given || changed {
			continue
		}
		for _, other := range a.Others {
			list = append(list, variant{assume: nets.Choices{a.Key: other}})
		}
	}
	return list
}
