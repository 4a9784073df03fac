package picture

// percent is a color as sixel defines it: three percentages.
type percent [3]uint8

// toPercent rounds an 8-bit value to a percentage; 255·p/100 is at most 1.3 off.
var toPercent = func() (t [256]uint8) {
	for v := range t {
		t[v] = uint8((v*100 + 127) / 255)
	}
	return t
}()

// maxColors is the size of the largest palette: xterm has 1024 registers.
const maxColors = 1024

// More colors take more time and more bytes, so pictures get usualColors at most, which gives
// 42 dB or more for photographs. Only pictures with few different pixels, e.g. 32×32 images,
// where it costs nothing, get as many as the terminal has registers: exact colors if possible,
// else as many as bring the error down to tolerance, a mean squared error of 3.3 or 43 dB.
const (
	usualColors = 256
	tolerance   = 3.3
	fewPixels   = 4096
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
	if cols*rows > fewPixels {
		registers = min(registers, usualColors)
	}
	if !p.keepAll(img, rep, registers) {
		p.quantize(img, rep, registers)
	}
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
	colors, of := p.refine.step(pts, p.cut.split(min(usualColors, limit), limit, tolerance))
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
	for i := key * 2654435761 >> 20; ; i = (i + 1) & (4*maxColors - 1) {
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
