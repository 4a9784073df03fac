package picture

import "slices"

// percent is a color as sixel defines it: three percentages.
type percent [3]uint8

// toPercent rounds an 8-bit value to a percentage; 255·p/100 is at most 1.3 off.
var toPercent = func() (t [256]uint8) {
	for v := range t {
		t[v] = uint8((v*100 + 127) / 255)
	}
	return t
}()

// maxColors is the size of the largest palette: more colors cost more bytes than they are worth.
const maxColors = 256

// More colors take more bytes, so pictures with more get usualColors, of which pixels may take a
// neighbor's if that adds no more than mergeable to their squared error. Together that is 34 to 43 dB,
// as much as chafa's 256 colors have, in 60 % of its bytes or less; see the package's documentation.
const (
	usualColors = 160
	fewPixels   = 4096
	mergeable   = 80
)

// palette chooses the colors of a picture and maps every pixel to one. It works on the pixels
// that repeats leaves: one for every run of rows and run of columns.
type palette struct {
	colors []percent
	index  []uint16 // the pixels' colors, row by row

	exact  exactTable
	hist   []histCell // by cell of the color cube, all zero between pictures
	lookup []uint16   // the palette index of every cell that occurs in the picture
	cell   []uint16   // the pixels' cells
	cut    variancecut
	refine refine
	values [][3]int32 // of colors
	means  []histCell // of the pixels that have them
	used   []usedColor
}

// histCell counts the pixels of one cell of the color cube and sums their values.
type histCell struct{ n, r, g, b uint32 }

// choose fills colors and index. A picture with at most registers colors keeps them all.
func (p *palette) choose(img *Image, rep *repeats, registers int) {
	cols, rows := rep.size()
	if cap(p.index) < cols*rows {
		p.index = make([]uint16, cols*rows)
		p.cell = make([]uint16, cols*rows)
	}
	p.index, p.cell = p.index[:cols*rows], p.cell[:cols*rows]
	registers = min(registers, maxColors)
	if !p.keepAll(img, rep, registers) {
		p.quantize(img, rep, min(registers, usualColors))
		p.merge(img, rep)
	}
	p.number()
}

// keepAll tries to give every color an entry of its own.
func (p *palette) keepAll(img *Image, rep *repeats, limit int) bool {
	p.exact.reset()
	i := 0
	for _, y := range rep.rows[:len(rep.rows)-1] {
		row := img.Pix[3*y*img.W : 3*(y+1)*img.W]
		for _, x := range rep.cols[:len(rep.cols)-1] {
			q := row[3*x : 3*x+3 : 3*x+3]
			n := p.exact.add(uint32(toPercent[q[0]])<<14 | uint32(toPercent[q[1]])<<7 | uint32(toPercent[q[2]]))
			if n >= limit {
				return false
			}
			p.index[i] = uint16(n)
			i++
		}
	}
	p.colors = p.colors[:0]
	for _, k := range p.exact.keys {
		p.colors = append(p.colors, percent{uint8(k >> 14), uint8(k >> 7 & 127), uint8(k & 127)})
	}
	return true
}

// quantize reduces the colors to limit: it counts them in a cube of 32×64×32 cells, or one by
// one if there are few, and divides those that occur into boxes of little variance.
func (p *palette) quantize(img *Image, rep *repeats, limit int) {
	if p.hist == nil {
		p.hist = make([]histCell, 1<<16)
		p.lookup = make([]uint16, 1<<16)
	}
	p.count(img, rep)
	pts := p.cut.points
	for i := range pts {
		c := &p.hist[pts[i].cell]
		n := float32(c.n)
		pts[i].n, pts[i].v = n, [3]float32{float32(c.r) / n, float32(c.g) / n, float32(c.b) / n}
		*c = histCell{}
	}
	colors, of := p.refine.step(pts, p.cut.split(limit))
	p.colors = p.colors[:0]
	for _, c := range colors {
		var q percent
		for k := range q {
			q[k] = uint8(c.sum[k]/max(c.n, 1)*(100.0/255) + 0.5)
		}
		p.colors = append(p.colors, q)
	}
	for i, q := range pts {
		p.lookup[q.cell] = of[i]
	}
	for i, c := range p.cell {
		p.index[i] = p.lookup[c]
	}
}

// count fills the histogram, weighting every pixel by the runs it stands for, and lists the
// cells that occur.
func (p *palette) count(img *Image, rep *repeats) {
	pts := p.cut.points[:0]
	each := len(p.cell) <= fewPixels
	i := 0
	for k, y := range rep.rows[:len(rep.rows)-1] {
		high := uint32(rep.rows[k+1] - y)
		row := img.Pix[3*y*img.W : 3*(y+1)*img.W]
		for j, x := range rep.cols[:len(rep.cols)-1] {
			n := high * uint32(rep.cols[j+1]-x)
			q := row[3*x : 3*x+3 : 3*x+3]
			r, g, b := uint32(q[0]), uint32(q[1]), uint32(q[2])
			cell := uint16(r>>3<<11 | g>>2<<5 | b>>3)
			if each {
				cell = uint16(i)
			}
			p.cell[i] = cell
			i++
			h := &p.hist[cell]
			if h.n == 0 {
				pts = append(pts, point{cell: cell})
			}
			h.n += n
			h.r += n * r
			h.g += n * g
			h.b += n * b
		}
	}
	p.cut.points = pts
}

// exactTable numbers colors in the order in which they first occur: an open-addressing hash
// table of fixed size, at most a quarter full.
type exactTable struct {
	slots [4 * maxColors]uint32 // key<<11 | number+1; keys have 21 bits
	keys  []uint32
	last  uint32 // the last key looked up, plus 1
	num   int
}

func (t *exactTable) reset() {
	clear(t.slots[:])
	t.keys, t.last = t.keys[:0], 0
}

// add returns the key's number. It must not be called again once that is maxColors.
func (t *exactTable) add(key uint32) int {
	if key+1 == t.last {
		return t.num
	}
	t.last = key + 1
	for i := key * 2654435761 >> 22; ; i = (i + 1) & (4*maxColors - 1) {
		s := t.slots[i]
		if s == 0 {
			t.num = len(t.keys)
			t.keys = append(t.keys, key)
			t.slots[i] = key<<11 | uint32(len(t.keys))
			return t.num
		}
		if s>>11 == key {
			t.num = int(s&(1<<11-1)) - 1
			return t.num
		}
	}
}

// merge gives pixels the color of a neighbor in their band where that is nearly as good as their own,
// since runs take fewer bytes than changes.
func (p *palette) merge(img *Image, rep *repeats) {
	cols, rows := rep.size()
	values := p.values[:0]
	for _, c := range p.colors {
		values = append(values, [3]int32{int32(c[0]) * 255 / 100, int32(c[1]) * 255 / 100, int32(c[2]) * 255 / 100})
	}
	p.values = values
	p.means = append(p.means[:0], make([]histCell, len(p.colors))...)
	means := p.means
	for k := range rows {
		y := rep.rows[k]
		row := img.Pix[3*y*img.W:]
		weight := uint32(rep.rows[k+1] - y)
		index := p.index[k*cols : (k+1)*cols]
		var above []uint16
		if k > 0 && rep.rows[k-1]/6 == y/6 {
			above = p.index[(k-1)*cols : k*cols]
		}
		for j, x := range rep.cols[:cols] {
			q := row[3*x : 3*x+3 : 3*x+3]
			r, g, b := int32(q[0]), int32(q[1]), int32(q[2])
			far := func(c uint16) int32 {
				v := &values[c]
				dr, dg, db := v[0]-r, v[1]-g, v[2]-b
				return dr*dr + dg*dg + db*db
			}
			own := index[j]
			limit := far(own) + mergeable
			if above != nil && above[j] != own {
				if d := far(above[j]); d < limit {
					index[j], limit = above[j], d
				}
			}
			if j > 0 && index[j-1] != own {
				if d := far(index[j-1]); d < limit {
					index[j] = index[j-1]
				}
			}
			n := weight * uint32(rep.cols[j+1]-x)
			m := &means[index[j]]
			m.n += n
			m.r += n * uint32(q[0])
			m.g += n * uint32(q[1])
			m.b += n * uint32(q[2])
		}
	}
	for i, m := range means {
		if m.n > 0 {
			p.colors[i] = percent{centi(m.r, m.n), centi(m.g, m.n), centi(m.b, m.n)}
		}
	}
}

// centi returns the mean sum/n of 8-bit values in percent.
func centi(sum, n uint32) uint8 { return uint8((uint64(sum)*200 + 255*uint64(n)) / (510 * uint64(n))) }

// number gives the colors that are used most the shortest numbers, and drops those that are not used.
func (p *palette) number() {
	p.used = append(p.used[:0], make([]usedColor, len(p.colors))...)
	for i, c := range p.colors {
		p.used[i] = usedColor{color: c, from: uint16(i)}
	}
	for _, c := range p.index {
		p.used[c].n++
	}
	slices.SortStableFunc(p.used, func(a, b usedColor) int { return b.n - a.n })
	to := [maxColors]uint16{}
	p.colors = p.colors[:0]
	for i, u := range p.used {
		to[u.from] = uint16(i)
		if u.n > 0 {
			p.colors = append(p.colors, u.color)
		}
	}
	for i, c := range p.index {
		p.index[i] = to[c]
	}
}

// usedColor is a color, its number before, and the number of pixels that have it.
type usedColor struct {
	color percent
	from  uint16
	n     int
}
