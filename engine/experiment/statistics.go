package experiment

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a mean over seeds with Student's t interval at 95 %.
type Estimate struct {
	Mean float64
	Half float64 // half the interval's width; infinite for fewer than two seeds
	N    int     // seeds
}

// estimate leaves out values that are no numbers: runs that diverged.
func estimate(values []float64) Estimate {
	var kept []float64
	for _, v := range values {
		if !math.IsNaN(v) {
			kept = append(kept, v)
		}
	}
	e := Estimate{Mean: math.NaN(), Half: math.Inf(1), N: len(kept)}
	if e.N == 0 {
		return e
	}
	mean, deviation := stat.MeanStdDev(kept, nil)
	e.Mean = mean
	if e.N > 1 {
		t := distuv.StudentsT{Sigma: 1, Nu: float64(e.N - 1)}.Quantile(0.975)
		e.Half = t * deviation / math.Sqrt(float64(e.N))
	}
	return e
}

func (e Estimate) low() float64  { return e.Mean - e.Half }
func (e Estimate) high() float64 { return e.Mean + e.Half }

// Verdict is what came of a criterion.
type Verdict string

const (
	Holds     Verdict = "holds"
	Fails     Verdict = "fails"
	Undecided Verdict = "undecided"
)

// Rule is where a quantity must lie.
type Rule struct {
	Low, High float64
}

// above leaves out x itself.
func above(x float64) Rule   { return Rule{math.Nextafter(x, math.Inf(1)), math.Inf(1)} }
func atLeast(x float64) Rule { return Rule{x, math.Inf(1)} }
func atMost(x float64) Rule  { return Rule{math.Inf(-1), x} }
func within(x float64) Rule  { return Rule{-x, x} }

// below leaves out x itself.
func below(x float64) Rule { return Rule{math.Inf(-1), math.Nextafter(x, math.Inf(-1))} }

// judge holds an estimate against the rule: it holds where the whole interval lies inside,
// fails where all of it lies outside, and is undecided otherwise, as it is for one seed
// and where a seed of several diverged.
func (r Rule) judge(e Estimate, seeds int) Verdict {
	switch {
	case e.N < 2 || e.N < seeds:
		return Undecided
	case e.low() >= r.Low && e.high() <= r.High:
		return Holds
	case e.high() < r.Low || e.low() > r.High:
		return Fails
	}
	return Undecided
}

// together is the verdict on a criterion of several parts: all must hold, and one that
// fails is enough.
func together(parts []Verdict) Verdict {
	all := Holds
	for _, v := range parts {
		switch v {
		case Fails:
			return Fails
		case Undecided:
			all = Undecided
		}
	}
	if len(parts) == 0 {
		return Undecided
	}
	return all
}
