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

// estimate omits NaNs: runs that diverged.
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

// Verdict is the outcome of a criterion, with its value in results.json.
type Verdict string

const (
	Supported    Verdict = "holds"
	NotSupported Verdict = "fails"
	Inconclusive Verdict = "undecided"
)

// String returns the verdict as in reports and on screens.
func (v Verdict) String() string {
	switch v {
	case Supported:
		return "supported"
	case NotSupported:
		return "not supported"
	}
	return "inconclusive"
}

// Rule is the range that a quantity must lie in.
type Rule struct {
	Low, High float64
}

// above excludes x itself.
func above(x float64) Rule   { return Rule{math.Nextafter(x, math.Inf(1)), math.Inf(1)} }
func atLeast(x float64) Rule { return Rule{x, math.Inf(1)} }
func atMost(x float64) Rule  { return Rule{math.Inf(-1), x} }
func within(x float64) Rule  { return Rule{-x, x} }

// below excludes x itself.
func below(x float64) Rule { return Rule{math.Inf(-1), math.Nextafter(x, math.Inf(-1))} }

// judge compares an estimate with the rule: supported if the entire interval lies inside, not
// supported if it lies outside, and inconclusive otherwise, with a single seed, or if a seed
// diverged.
func (r Rule) judge(e Estimate, seeds int) Verdict {
	switch {
	case e.N < 2 || e.N < seeds:
		return Inconclusive
	case e.low() >= r.Low && e.high() <= r.High:
		return Supported
	case e.high() < r.Low || e.low() > r.High:
		return NotSupported
	}
	return Inconclusive
}

// together returns the verdict on a criterion: supported if all parts are, not supported if any
// part is not.
func together(parts []Verdict) Verdict {
	all := Supported
	for _, v := range parts {
		switch v {
		case NotSupported:
			return NotSupported
		case Inconclusive:
			all = Inconclusive
		}
	}
	if len(parts) == 0 {
		return Inconclusive
	}
	return all
}
