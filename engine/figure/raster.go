package figure

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"sync"

	"golang.org/x/image/vector"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Pixels is an image of packed 8-bit RGB pixels in row-major order, 3·W·H bytes.
type Pixels struct {
	W, H int
	Pix  []byte
}

// Resize makes p w×h pixels, reusing its memory; their values are undefined afterwards.
func (p *Pixels) Resize(w, h int) {
	n := 3 * w * h
	if cap(p.Pix) < n {
		p.Pix = make([]byte, n)
	}
	p.W, p.H, p.Pix = w, h, p.Pix[:n]
}

// levels is the number of steps of antialiasing. Few steps make few colors, which terminals' palettes
// hold exactly and which encode fast.
const levels = 4

// raster is a vg.Canvas on Pixels, a unit per pixel, for plots that are redrawn while a key is held: it
// takes a tenth of vgimg's time. It draws neither text nor images, which plots do not contain.
type raster struct {
	*Pixels
	z     vector.Rasterizer
	mask  *image.Alpha
	state rasterState
	stack []rasterState
	hatch func(x, y int) bool // nil: fill everything
}

// rasterState is what Push saves.
type rasterState struct {
	width float64
	dash  []vg.Length
	color color.NRGBA
	a     [6]float64 // the transform: x' = a0·x + a1·y + a2, y' = a3·x + a4·y + a5
}

// rasters keeps the memory of rasters.
var rasters = sync.Pool{New: func() any { return &raster{mask: &image.Alpha{}} }}

// newRaster returns a raster on p, to be given back to rasters.
func newRaster(p *Pixels) *raster {
	r := rasters.Get().(*raster)
	r.Pixels, r.hatch, r.stack = p, nil, r.stack[:0]
	r.state = rasterState{width: 1, color: color.NRGBA{A: 255}, a: [6]float64{1, 0, 0, 0, -1, float64(p.H)}}
	return r
}

func (r *raster) SetLineWidth(w vg.Length)                     { r.state.width = float64(w) }
func (r *raster) SetLineDash(pattern []vg.Length, _ vg.Length) { r.state.dash = pattern }
func (r *raster) FillString(font.Face, vg.Point, string)       {}
func (r *raster) DrawImage(vg.Rectangle, image.Image)          {}
func (r *raster) Push()                                        { r.stack = append(r.stack, r.state) }

func (r *raster) Pop() {
	n := len(r.stack) - 1
	r.state, r.stack = r.stack[n], r.stack[:n]
}

func (r *raster) SetColor(c color.Color) {
	if c == nil {
		c = color.Black
	}
	r.state.color = color.NRGBAModel.Convert(c).(color.NRGBA)
}

func (r *raster) Translate(p vg.Point) {
	a, x, y := &r.state.a, float64(p.X), float64(p.Y)
	a[2], a[5] = a[0]*x+a[1]*y+a[2], a[3]*x+a[4]*y+a[5]
}

func (r *raster) Scale(x, y float64) {
	a := &r.state.a
	a[0], a[1], a[3], a[4] = a[0]*x, a[1]*y, a[3]*x, a[4]*y
}

func (r *raster) Rotate(by float64) {
	sin, cos := math.Sincos(by)
	a := &r.state.a
	a[0], a[1], a[3], a[4] = a[0]*cos+a[1]*sin, a[1]*cos-a[0]*sin, a[3]*cos+a[4]*sin, a[4]*cos-a[3]*sin
}

// place returns a point in pixels from the upper left corner.
func (r *raster) place(p vg.Point) (q [2]float64) {
	a, x, y := &r.state.a, float64(p.X), float64(p.Y)
	return [2]float64{a[0]*x + a[1]*y + a[2], a[3]*x + a[4]*y + a[5]}
}

// flatten returns a path's contours as polygons.
func (r *raster) flatten(path vg.Path) (contours [][][2]float64) {
	var line [][2]float64
	end := func() {
		if len(line) > 0 {
			contours = append(contours, line)
		}
		line = nil
	}
	for _, c := range path {
		switch c.Type {
		case vg.MoveComp:
			end()
			line = append(line, r.place(c.Pos))
		case vg.LineComp:
			line = append(line, r.place(c.Pos))
		case vg.ArcComp:
			const steps = 16
			for i := range steps + 1 {
				sin, cos := math.Sincos(c.Start + c.Angle*float64(i)/steps)
				line = append(line, r.place(vg.Point{X: c.Pos.X + c.Radius*vg.Length(cos), Y: c.Pos.Y + c.Radius*vg.Length(sin)}))
			}
		case vg.CurveComp: // of glyphs only
		case vg.CloseComp:
			if len(line) > 0 {
				line = append(line, line[0])
			}
			end()
		}
	}
	end()
	return contours
}

func (r *raster) Fill(path vg.Path) { r.fill(r.flatten(path)) }

// strokesAtOnce is the number of segments that are filled together: the fewer, the smaller the
// rectangle to go through, but the more are blended twice where they join.
const strokesAtOnce = 8

func (r *raster) Stroke(path vg.Path) {
	half := r.state.width / 2
	if half <= 0 {
		return
	}
	var quads [][][2]float64
	for _, line := range r.flatten(path) {
		for _, part := range dashed(line, r.state.dash) {
			for i := 1; i < len(part); i++ {
				quads = append(quads, thickened(part[i-1], part[i], half)...)
				if len(quads) >= 2*strokesAtOnce {
					r.fill(quads)
					quads = quads[:0]
				}
			}
		}
	}
	r.fill(quads)
}

// thickened returns the outline of a segment with round ends, as polygons of the same orientation.
func thickened(p, q [2]float64, half float64) [][][2]float64 {
	dx, dy := q[0]-p[0], q[1]-p[1]
	length := math.Hypot(dx, dy)
	if length == 0 {
		return nil
	}
	nx, ny := -dy/length*half, dx/length*half
	quad := [][2]float64{{p[0] + nx, p[1] + ny}, {q[0] + nx, q[1] + ny}, {q[0] - nx, q[1] - ny}, {p[0] - nx, p[1] - ny}}
	if half < 0.7 {
		return [][][2]float64{quad}
	}
	const corners = 8
	joint := make([][2]float64, corners)
	for i := range joint {
		sin, cos := math.Sincos(-2 * math.Pi * float64(i) / corners)
		joint[i] = [2]float64{q[0] + half*cos, q[1] + half*sin}
	}
	return [][][2]float64{quad, joint}
}

// dashed cuts a line into the dashes of a pattern.
func dashed(line [][2]float64, pattern []vg.Length) [][][2]float64 {
	if len(pattern) == 0 {
		return [][][2]float64{line}
	}
	var out [][][2]float64
	var part [][2]float64
	k, left := 0, float64(pattern[0])
	for i := 1; i < len(line); i++ {
		p, q := line[i-1], line[i]
		length := math.Hypot(q[0]-p[0], q[1]-p[1])
		for done := 0.0; done < length; {
			step := min(left, length-done)
			if k%2 == 0 {
				if len(part) == 0 {
					part = append(part, between(p, q, done/length))
				}
				part = append(part, between(p, q, (done+step)/length))
			}
			done, left = done+step, left-step
			if left <= 1e-9 {
				if len(part) > 0 {
					out, part = append(out, part), nil
				}
				k = (k + 1) % len(pattern)
				left = max(float64(pattern[k]), 0.5)
			}
		}
	}
	return append(out, part)
}

func between(p, q [2]float64, t float64) [2]float64 {
	return [2]float64{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])}
}

// fill fills polygons of one orientation with the color.
func (r *raster) fill(polygons [][][2]float64) {
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, polygon := range polygons {
		for _, p := range polygon {
			for k := range 2 {
				lo[k], hi[k] = min(lo[k], p[k]), max(hi[k], p[k])
			}
		}
	}
	x0, y0 := int(max(math.Floor(lo[0]), 0)), int(max(math.Floor(lo[1]), 0))
	w, h := int(min(math.Ceil(hi[0]), float64(r.W)))-x0, int(min(math.Ceil(hi[1]), float64(r.H)))-y0
	if !(lo[0] <= hi[0]) || w <= 0 || h <= 0 {
		return
	}
	r.z.Reset(w, h)
	for _, polygon := range polygons {
		for i, p := range polygon {
			x, y := float32(p[0]-float64(x0)), float32(p[1]-float64(y0))
			if i == 0 {
				r.z.MoveTo(x, y)
			} else {
				r.z.LineTo(x, y)
			}
		}
		r.z.ClosePath()
	}
	if cap(r.mask.Pix) < w*h {
		r.mask.Pix = make([]byte, w*h)
	}
	r.mask.Pix, r.mask.Stride, r.mask.Rect = r.mask.Pix[:w*h], w, image.Rect(0, 0, w, h)
	r.z.DrawOp = draw.Src
	r.z.Draw(r.mask, r.mask.Rect, image.Opaque, image.Point{})
	r.blend(x0, y0, w, h)
}

// blend puts the color where the mask is. Neighbors are mostly equal, so the last result is kept.
func (r *raster) blend(x0, y0, w, h int) {
	c := r.state.color
	var from, to [3]byte
	last := 0
	for y := range h {
		row := r.mask.Pix[y*w : (y+1)*w]
		out := r.Pix[3*((y0+y)*r.W+x0):]
		for x := 0; x < len(row); x++ {
			for x+8 <= len(row) && binary.LittleEndian.Uint64(row[x:]) == 0 {
				x += 8
			}
			if x >= len(row) {
				break
			}
			step := (int(row[x])*levels + 127) / 255
			if step == 0 || r.hatch != nil && !r.hatch(x0+x, y0+y) {
				continue
			}
			px := (*[3]byte)(out[3*x:])
			if step != last || *px != from {
				last, from = step, *px
				t := step * int(c.A) // of levels·255
				for k, v := range [3]uint8{c.R, c.G, c.B} {
					to[k] = uint8((int(px[k])*(levels*255-t) + int(v)*t + levels*255/2) / (levels * 255))
				}
			}
			*px = to
		}
	}
}

// clear fills the picture with a color.
func (r *raster) clear(c color.RGBA) {
	if len(r.Pix) < 3 {
		return
	}
	copy(r.Pix, []byte{c.R, c.G, c.B})
	for n := 3; n < len(r.Pix); n *= 2 {
		copy(r.Pix[n:], r.Pix[:n])
	}
}

// row draws a crisp line of one pixel along row y, dotted if every > 1.
func (r *raster) row(y, x0, x1, every int, c color.RGBA) {
	if y < 0 || y >= r.H {
		return
	}
	for x := max(x0, 0); x < min(x1, r.W); x += every {
		copy(r.Pix[3*(y*r.W+x):], []byte{c.R, c.G, c.B})
	}
}
