package measure

import "math"

// Paired compares two classifiers on the same images: how many both, only the first, only the
// second and neither classify correctly.
type Paired struct {
	Both, First, Second, Neither int
}

// N returns the number of images.
func (p Paired) N() int { return p.Both + p.First + p.Second + p.Neither }

// Difference returns the accuracy of the first minus that of the second; NaN without images.
func (p Paired) Difference() float64 {
	if p.N() == 0 {
		return math.NaN()
	}
	return float64(p.First-p.Second) / float64(p.N())
}

// Newcombe returns the 95 % confidence interval for the difference by method 10 of Newcombe
// (Statistics in Medicine 17, 1998, pages 2635 to 2650): the Wilson intervals of both accuracies,
// squared and added with the correlation φ of the pairs. It stays inside [-1, 1] and has a width
// without discordant pairs; (-1, 1) without images.
func (p Paired) Newcombe() (lo, hi float64) {
	n := p.N()
	if n == 0 {
		return -1, 1
	}
	first, second := Score{p.Both + p.First, n}, Score{p.Both + p.Second, n}
	l1, u1 := first.Wilson()
	l2, u2 := second.Wilson()
	p1, p2, phi := first.Accuracy(), second.Accuracy(), p.correlation()
	half := func(a, b float64) float64 { return math.Sqrt(max(a*a-2*phi*a*b+b*b, 0)) }
	return p1 - p2 - half(p1-l1, u2-p2), p1 - p2 + half(u1-p1, p2-l2)
}

// correlation returns φ of the fourfold table, with Newcombe's continuity correction where it is
// positive; 0 where a margin is empty.
func (p Paired) correlation() float64 {
	a, b, c, d := float64(p.Both), float64(p.First), float64(p.Second), float64(p.Neither)
	margins := (a + b) * (c + d) * (a + c) * (b + d)
	if margins == 0 {
		return 0
	}
	product := a*d - b*c
	if product > 0 {
		product = max(product-(a+b+c+d)/2, 0)
	}
	return product / math.Sqrt(margins)
}

// PairedDocument is the JSON form of a Paired.
type PairedDocument struct {
	Difference *float64   `json:"difference"` // nil without images
	CI95       [2]float64 `json:"ci95"`
	N          int        `json:"n"`
	OnlyFirst  int        `json:"only_first"` // correct by the first only
	OnlySecond int        `json:"only_second"`
}

// Document returns the JSON form of p.
func (p Paired) Document() PairedDocument {
	lo, hi := p.Newcombe()
	d := PairedDocument{CI95: [2]float64{lo, hi}, N: p.N(), OnlyFirst: p.First, OnlySecond: p.Second}
	if p.N() > 0 {
		difference := p.Difference()
		d.Difference = &difference
	}
	return d
}
