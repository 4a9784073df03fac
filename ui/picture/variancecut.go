package picture

// variancecut divides weighted points of the color cube into boxes: always the box with the
// largest squared error, along its axis of largest variance, at the plane that leaves the
// least error. That is Wu's criterion (Graphics Gems II, 1991) on one axis at a time.
type variancecut struct {
	points []point
	boxes  []colorBox
}

// point is a color, or the mean of a few similar ones, and its number of pixels.
type point struct {
	v    [3]float32
	n    float32
	cell uint16 // its cell in the color cube
}

// colorBox is a range of points and its statistics.
type colorBox struct {
	lo, hi int
	n      float64
	sum    [3]float64
	axis   int     // the axis of the largest variance
	err    float64 // the squared error along it
}

// split returns at most so many boxes, which together hold all points, of which there is at least
// one. It reorders the points.
func (c *variancecut) split(most int) []colorBox {
	all := c.measure(0, len(c.points))
	c.boxes = append(c.boxes[:0], all)
	for len(c.boxes) < most {
		worst := 0
		for i := range c.boxes {
			if c.boxes[i].err > c.boxes[worst].err {
				worst = i
			}
		}
		b := c.boxes[worst]
		if b.err <= 0 {
			break
		}
		mid := c.cut(b)
		if mid == b.lo || mid == b.hi {
			c.boxes[worst].err = 0 // nothing to divide but rounding error
			continue
		}
		low, high := c.measure(b.lo, mid), c.measure(mid, b.hi)
		c.boxes[worst] = low
		c.boxes = append(c.boxes, high)
	}
	return c.boxes
}

func (c *variancecut) measure(lo, hi int) colorBox {
	b := colorBox{lo: lo, hi: hi}
	var square [3]float64
	for i := lo; i < hi; i++ {
		p := &c.points[i]
		n := float64(p.n)
		b.n += n
		for k, v := range p.v {
			f := float64(v)
			b.sum[k] += n * f
			square[k] += n * f * f
		}
	}
	if hi-lo > 1 {
		for k := range square {
			e := square[k] - b.sum[k]*b.sum[k]/b.n
			if e > b.err {
				b.err, b.axis = e, k
			}
		}
	}
	return b
}

// cut moves the points of a box to the two sides of the best plane across its axis and returns
// where the second side begins.
func (c *variancecut) cut(b colorBox) int {
	const bins = 64
	var num, sum [bins]float64
	pts := c.points[b.lo:b.hi]
	for i := range pts {
		p := &pts[i]
		k := int(p.v[b.axis]) * bins / 256
		num[k] += float64(p.n)
		sum[k] += float64(p.n * p.v[b.axis])
	}
	// The remaining error is smallest where Σ sum²/n over both sides is largest.
	best, plane := -1.0, 1
	var n, s float64
	for k := range bins - 1 {
		n += num[k]
		s += sum[k]
		rest := b.n - n
		if n <= 0 || rest <= 0 {
			continue
		}
		t := b.sum[b.axis] - s
		if gain := s*s/n + t*t/rest; gain > best {
			best, plane = gain, k+1
		}
	}
	limit := float32(plane) * 256 / bins
	i, j := 0, len(pts)
	for i < j {
		if pts[i].v[b.axis] < limit {
			i++
			continue
		}
		j--
		pts[i], pts[j] = pts[j], pts[i]
	}
	return b.lo + i
}
