package attack

import (
	"fmt"
	"math"
)

// smallestBumps is the minimum side of images for the initial bumps of the Square attack in L2.
const smallestBumps = 10

func errTooSmall(h, w int) error {
	return fmt.Errorf("images of %d×%d: square in L2 needs at least %d pixels per side", w, h, smallestBumps)
}

// bump makes v the candidate for L2, with delta as work space: at first a grid of bumps, then
// the best with the perturbation of one square moved to another, which also receives what the
// perturbation lacks to length ε.
func (p proposal) bump(v, delta []float32, query, most int) {
	if query == 0 {
		p.bumps(delta)
	} else {
		for i := range delta {
			delta[i] = p.best[i] - p.x[i]
		}
		p.moveBump(delta, query-1, most)
	}
	length := lengthOf(delta, L2)
	factor := float32(p.epsilon / max(length, tiny))
	for i := range delta {
		delta[i] *= factor
	}
	applyL2(v, delta, p.x, p.epsilon)
}

// bumps fills delta with a grid of bumps.
func (p proposal) bumps(delta []float32) {
	clear(delta)
	side := p.h / 5
	for row := (p.h - 5*side) / 2; row+side <= p.h; row += side {
		for col := (p.h - 5*side) / 2; col+side <= p.w; col += side {
			bump := p.newBump(side)
			for c := range p.c {
				s := 1 - 2*float64(p.random.IntN(2))
				p.window(delta, c, row, col, side, func(k int, d *float32) { *d = float32(s * bump[k]) })
			}
		}
	}
}

// moveBump clears one square of delta and adds a bump to another, whose energy is that of both
// squares and an equal share per channel of what is missing to ε².
func (p proposal) moveBump(delta []float32, query, most int) {
	side := max(p.side(query, most), 3)
	side = min(side|1, (min(p.h, p.w)-1)|1-2*(min(p.h, p.w)&1))
	place := func() (row, col int) { return p.random.IntN(p.h - side + 1), p.random.IntN(p.w - side + 1) }
	row, col := place()
	row2, col2 := place()
	bump := p.newBump(side)
	short := max(p.epsilon*p.epsilon-square2(lengthOf(delta, L2)), 0) / float64(p.c)
	moved := make([]float64, side*side)
	for c := range p.c {
		within, both := 0.0, 0.0
		p.window(delta, c, row, col, side, func(_ int, d *float32) { within += square2(float64(*d)) })
		both = within
		for y := row2; y < row2+side; y++ {
			for x := col2; x < col2+side; x++ {
				if y < row || y >= row+side || x < col || x >= col+side {
					both += square2(float64(delta[(c*p.h+y)*p.w+x]))
				}
			}
		}
		s, old, sum := 1-2*float64(p.random.IntN(2)), 1/(1e-10+math.Sqrt(within)), 0.0
		p.window(delta, c, row, col, side, func(k int, d *float32) {
			moved[k] = s*bump[k] + old*float64(*d)
			sum += square2(moved[k])
		})
		size := math.Sqrt(short+both) / max(math.Sqrt(sum), tiny)
		p.window(delta, c, row2, col2, side, func(_ int, d *float32) { *d = 0 })
		p.window(delta, c, row, col, side, func(k int, d *float32) { *d = float32(size * moved[k]) })
	}
}

func square2(v float64) float64 { return v * v }

// window calls f for the pixels of a square of a channel, row by row.
func (p proposal) window(delta []float32, c, row, col, side int, f func(k int, d *float32)) {
	for y := range side {
		from := (c*p.h+row+y)*p.w + col
		for x := range side {
			f(y*side+x, &delta[from+x])
		}
	}
}

// newBump is a square with L2 norm 1, positive in one half and negative in the other, split
// horizontally or vertically at random.
func (p proposal) newBump(side int) []float64 {
	bump := make([]float64, side*side)
	hill(bump, 0, side/2, side, 1)
	hill(bump, side/2, side, side, -1)
	sum := 0.0
	for _, v := range bump {
		sum += v * v
	}
	for i := range bump {
		bump[i] /= math.Sqrt(sum)
	}
	if p.random.IntN(2) == 1 {
		for y := range side {
			for x := range y {
				bump[y*side+x], bump[x*side+y] = bump[x*side+y], bump[y*side+x]
			}
		}
	}
	return bump
}

// hill fills the rows from–to of a square with centered rectangles, the k-th of height 1/k²,
// and normalizes the sum to L2 norm 1.
func hill(square []float64, from, to, cols int, sign float64) {
	rows := to - from
	sum := 0.0
	for y := range rows {
		for x := range cols {
			v := 0.0
			for k := range max(rows/2+1, cols/2+1) {
				if inside(y, rows/2-k, k) && inside(x, cols/2-k, k) {
					v += 1 / square2(float64(k+1))
				}
			}
			square[(from+y)*cols+x] = v
			sum += v * v
		}
	}
	for i := from * cols; i < to*cols; i++ {
		square[i] *= sign / math.Sqrt(sum)
	}
}

// inside reports whether v is non-negative and among the 2k+1 numbers from first on.
func inside(v, first, k int) bool { return v >= max(first, 0) && v < first+2*k+1 }
