package heatmap

import (
	"math"

	"hfcui/engine/measure"
)

// outcomes are, for the images evaluated at all frequencies, which predictions are correct: a row of
// bits per image, first without perturbation, then in the order of frequencies. Copies share memory,
// which only grows.
type outcomes struct {
	n    int   // images
	bits []int // of every cell, by place; nil keeps nothing
	rows []byte
}

// newOutcomes returns those of no image.
func newOutcomes(g grid, order []Frequency) outcomes {
	bits := make([]int, g.h*g.w)
	for i, f := range order {
		bits[g.place(f)], bits[g.place(g.wrap(-f.U, -f.V))] = i+1, i+1
	}
	return outcomes{bits: bits}
}

// stride is the number of bytes of a row for so many frequencies.
func stride(frequencies int) int { return (1 + frequencies + 7) / 8 }

// set notes a correct prediction in a row.
func set(row []byte, bit int) { row[bit/8] |= 1 << (bit % 8) }

// append adds the rows of n images; earlier ones do not change.
func (o *outcomes) append(rows []byte, n int) {
	o.rows = append(o.rows[:len(o.rows):cap(o.rows)], rows...)
	o.n += n
}

// pair compares predictions of two models on the images that both have been evaluated on.
func (o outcomes) pair(p outcomes, bit int) (pairs measure.Paired) {
	n := min(o.n, p.n)
	if n == 0 || len(o.bits) != len(p.bits) {
		return pairs
	}
	size, mask := len(o.rows)/o.n, byte(1)<<(bit%8)
	for k := bit / 8; k < n*size; k += size {
		switch a, b := o.rows[k]&mask != 0, p.rows[k]&mask != 0; {
		case a && b:
			pairs.Both++
		case a:
			pairs.First++
		case b:
			pairs.Second++
		default:
			pairs.Neither++
		}
	}
	return pairs
}

// comparable reports whether two results are of the same images and perturbations.
func (r Result) comparable(from Result) bool {
	return r.W == from.W && r.H == from.H && r.Request == from.Request && r.Images == from.Images
}

// Subtract compares the error rates of two models on the same images at a frequency: the Difference
// of the returned is the error rate of r minus that of from. Without images evaluated by both at all
// frequencies, and for maps of other settings, there are no pairs.
func (r Result) Subtract(from Result, f Frequency) measure.Paired {
	if !r.comparable(from) || r.outcomes.bits == nil {
		return measure.Paired{}
	}
	return from.outcomes.pair(r.outcomes, r.outcomes.bits[grid{r.H, r.W}.place(f)])
}

// SubtractClean is Subtract without perturbation.
func (r Result) SubtractClean(from Result) measure.Paired {
	if !r.comparable(from) {
		return measure.Paired{}
	}
	return from.outcomes.pair(r.outcomes, 0)
}

// ErrorDifference is an error rate minus that of another model on the same images.
type ErrorDifference struct {
	Difference *float64   `json:"difference"` // nil without images
	CI95       [2]float64 `json:"ci95"`       // for paired proportions, see [measure.Paired.Newcombe]
	N          int        `json:"n"`
}

func errorDifference(p measure.Paired) ErrorDifference {
	lo, hi := p.Newcombe()
	d := ErrorDifference{CI95: [2]float64{lo, hi}, N: p.N()}
	if v := p.Difference(); !math.IsNaN(v) {
		d.Difference = &v
	}
	return d
}

// CellDifference is that at a frequency.
type CellDifference struct {
	U int `json:"u"`
	V int `json:"v"`
	ErrorDifference
}

// Differences is how the error rates of a model differ from another's.
type Differences struct {
	Model string           `json:"model"`
	Minus string           `json:"minus"`
	Clean ErrorDifference  `json:"clean"`
	Cells []CellDifference `json:"cells"` // one of (u,v) and (-u,-v), which are equal
}

// NewDifferences describes how the map of a model differs from another's.
func NewDifferences(model, minus string, r, from Result) Differences {
	d := Differences{Model: model, Minus: minus, Clean: errorDifference(r.SubtractClean(from)), Cells: []CellDifference{}}
	g := grid{r.H, r.W}
	for i := range r.Cells {
		if f := g.frequency(i); g.own(f) == f {
			d.Cells = append(d.Cells, CellDifference{f.U, f.V, errorDifference(r.Subtract(from, f))})
		}
	}
	return d
}
