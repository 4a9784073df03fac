package spectral

// box is a range of absolute frequencies along each axis: u0 ≤ |u| < u1, v0 ≤ |v| < v1.
type box struct{ u0, u1, v0, v1 int }

// fullBox contains every coefficient of an h×w plane.
func fullBox(h, w int) box { return box{0, h/2 + 1, 0, w/2 + 1} }

func (b box) empty() bool { return b.u0 >= b.u1 || b.v0 >= b.v1 }

func (b box) area() int { return (b.u1 - b.u0) * (b.v1 - b.v0) }

// union returns the smallest box that contains both.
func (b box) union(c box) box {
	switch {
	case b.empty():
		return c
	case c.empty():
		return b
	}
	return box{min(b.u0, c.u0), max(b.u1, c.u1), min(b.v0, c.v0), max(b.v1, c.v1)}
}

// mask is the disc of radius r on the Fourier plane of an h×w image. Only the component whose
// coefficients fit the smaller box is computed by an inverse transform; the other is the image minus
// that one. So whole = low + high always holds, and the smaller component has no cancellation.
type mask struct {
	h, w    int
	r       float64
	outside bool  // the high-frequency component is transformed back
	box     box   // contains the coefficients to transform back
	none    bool  // the low-frequency component is zero
	all     bool  // the high-frequency component is zero
	kept    *kept // for dense
}

// set makes m the disc of radius r, reusing its memory.
func (m *mask) set(h, w int, r float64) {
	*m = mask{h: h, w: w, r: r, kept: m.kept}
	m.none = !(0 < r)
	m.all = distance(h/2, w/2) < r
	if m.none || m.all {
		return
	}
	low := box{0, edge(0, h, r), 0, edge(0, w, r)}
	high := box{edge(w/2, h, r), h/2 + 1, edge(h/2, w, r), w/2 + 1}
	m.box = low
	if high.area() < low.area() {
		m.outside, m.box = true, high
	}
	if small(h, w) {
		if m.kept == nil {
			m.kept = new(kept)
		}
		m.kept.keep(m)
	}
}

// span returns the range lo ≤ g < hi of absolute frequencies along an axis of n bins to be
// transformed back where the other axis has absolute frequency f.
func (m *mask) span(f, n int) (lo, hi int) {
	e := edge(f, n, m.r)
	if m.outside {
		return e, n/2 + 1
	}
	return 0, e
}

// Disc is the disc of radius r on the Fourier plane of an h×w image, for implementations of the split on
// other devices.
type Disc struct {
	None, All bool // the low-frequency component is zero, or the image
	// Outside has the high-frequency component transformed back, else the low-frequency one; the other
	// is the image minus that: see [mask].
	Outside bool
	Within  []int // by |u| = 0 … h/2: how many of |v| = 0 … w/2 lie in the disc
}

// NewDisc returns the disc that [Splitter.Split] uses at radius r.
func NewDisc(h, w int, r float64) Disc {
	checkSize(h, w)
	var m mask
	m.set(h, w, r)
	d := Disc{None: m.none, All: m.all, Outside: m.outside, Within: make([]int, h/2+1)}
	for u := range d.Within {
		d.Within[u] = edge(u, w, r)
	}
	return d
}
