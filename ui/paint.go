package ui

import (
	"math"
	"sync"

	"github.com/charmbracelet/colorprofile"

	"hfcui/engine"
	"hfcui/spectral"
	"hfcui/ui/picture"
)

// highMode is how the high part, whose values lie around 0, is made visible. Only the
// preview: what the model is shown is never touched.
type highMode int

const (
	highStretched highMode = iota // grey ± k times the value, k so that it fills the range
	highCentred                   // grey ± the value
	highRaw                       // as it is, negatives black
	highModes
)

// String names the mode as the screen does.
func (m highMode) String() string {
	return [...]string{"stretched about grey", "centred on grey", "as it is"}[m]
}

// look is everything besides a View that determines its pictures on the screen.
type look struct {
	cols, rows int
	kinds      [slots]bool // which pictures are shown
	cell       cellSize
	protocol   picture.Protocol
	depth      colorprofile.Profile
	registers  int
	dark       bool
	high       highMode
}

// box makes im as large as the picture's cells. Half blocks have two pixels a cell.
func (k look) box(im *picture.Image) {
	if k.protocol == picture.HalfBlocks {
		im.Resize(k.cols, 2*k.rows)
		return
	}
	im.Resize(k.cols*k.cell.w, k.rows*k.cell.h)
}

func (k look) background() picture.RGB {
	c := themeFor(k.dark).letterbox
	return picture.RGB{R: c[0], G: c[1], B: c[2]}
}

// renderer scales and encodes the pictures of a page, slots of them at most, for one look. It
// keeps its memory, so that it is for one answer at a time.
type renderer struct {
	look    look
	encoder [slots]*picture.Encoder
	source  [slots]picture.Image
	boxed   [slots]picture.Image
	drawn   [slots]picture.Drawn
}

// take prepares for a look and tells whether it is another than before.
func (e *renderer) take(k look) (another bool) {
	if k == e.look && e.encoder[0] != nil {
		return false
	}
	for i := range e.encoder {
		e.encoder[i] = picture.NewEncoder(k.protocol)
		e.encoder[i].Profile = k.depth
	}
	e.look = k
	return true
}

// reduction is by how much a picture of w×h pixels can be reduced while it is read.
func (e *renderer) reduction(w, h int) int {
	box := &e.boxed[0]
	e.look.box(box)
	return max(1, min(w/box.W, h/box.H))
}

// encode draws one picture: source fills what it is of, finish, unless it is nil, draws on
// what came of scaling it.
func (e *renderer) encode(kind, registers int, source, finish func(*picture.Image)) {
	src, box := &e.source[kind], &e.boxed[kind]
	e.look.box(box)
	source(src)
	picture.Scale(box, src, e.look.background())
	if finish != nil {
		finish(box)
	}
	e.encoder[kind].Registers = registers
	e.drawn[kind] = e.encoder[kind].Encode(box, e.look.cols, e.look.rows)
}

// painter turns Views into pictures for the terminal. It keeps memory and what did not
// change from one to the next.
type painter struct {
	mu sync.Mutex
	renderer
	whole   *float32 // first pixel of the original that was painted last
	stretch float64  // of the high part
}

// paint scales and encodes the pictures of v that k asks for, all at the same time. It
// returns them with the factor by which the high part was stretched.
func (p *painter) paint(v *engine.View, k look) (drawn [slots]picture.Drawn, stretch float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.take(k) {
		p.whole = nil
	}
	by := p.reduction(v.Pictures[engine.Whole].W, v.Pictures[engine.Whole].H)
	var work []func()
	for kind := range slots {
		if !k.kinds[kind] || kind == slotWhole && p.whole == firstPixel(v) {
			continue // the original stays while only r changes
		}
		work = append(work, func() { p.one(v, kind, by) })
	}
	together(work...)
	p.whole = firstPixel(v)
	return p.drawn, p.stretch
}

// firstPixel tells the memory of one image's pixels from that of another's.
func firstPixel(v *engine.View) *float32 {
	if pix := v.Pictures[engine.Whole].Pix; len(pix) > 0 {
		return &pix[0]
	}
	return nil
}

// The high part of a photograph looks like noise, which costs several times the bytes of
// other pictures. In noise nobody tells a hundred colours from many, so it gets fewer.
const (
	manyPixels  = 128 * 128
	noiseColors = 64
)

// one paints one picture.
func (p *painter) one(v *engine.View, kind, by int) {
	registers := p.look.registers
	if kind == slotHigh && v.Pictures[kind].W*v.Pictures[kind].H > manyPixels {
		registers = noiseColors
	}
	var finish func(*picture.Image)
	if kind == slotSpectrum {
		finish = func(box *picture.Image) { drawCircle(box, spectrumOf(v), v.R) }
	}
	p.encode(kind, registers, func(src *picture.Image) {
		switch kind {
		case slotHigh:
			p.stretch = highImage(src, v.Pictures[engine.High], p.look.high, by)
		case slotSpectrum:
			spectrumImage(src, spectrumOf(v), v.R, by)
		default:
			planeImage(src, v.Pictures[kind], 1, 0, by)
		}
	}, finish)
}

// spectrumOf is a View's spectrum as a picture of one channel.
func spectrumOf(v *engine.View) engine.Plane {
	whole := v.Pictures[engine.Whole]
	return engine.Plane{C: 1, W: whole.W, H: whole.H, Pix: v.Spectrum}
}

// highImage makes the high part visible and returns the gain it is shown with, which is
// spectral's Contrast as in the files that the split command writes.
func highImage(im *picture.Image, p engine.Plane, mode highMode, by int) (gain float64) {
	switch mode {
	case highRaw:
		planeImage(im, p, 1, 0, by)
		return 1
	case highCentred:
		planeImage(im, p, 1, 0.5, by)
		return 1
	}
	gain = spectral.Contrast(p.Pix, spectral.LargestContrast)
	planeImage(im, p, gain, 0.5, by)
	return gain
}

// planeImage fills im with scale·p+offset, clipped to what a screen can show. by×by
// pixels become one, their mean: large pictures are reduced while they are read.
func planeImage(im *picture.Image, p engine.Plane, scale, offset float64, by int) {
	w, h := p.W/by, p.H/by
	im.Resize(w, h)
	sums := make([]float32, w)
	for c := range 3 {
		plane := p.Pix[min(c, p.C-1)*p.W*p.H:][:p.W*p.H]
		for y := range h {
			clear(sums)
			for dy := range by {
				addReduced(sums, plane[(y*by+dy)*p.W:][:p.W], by)
			}
			spectral.Quantize(im.Pix[3*y*w+c:], 3, sums, scale/float64(by*by), offset)
		}
	}
}

// addReduced adds the sums of by values in a row each.
func addReduced(sums, row []float32, by int) {
	if by == 1 {
		for x, v := range row {
			sums[x] += v
		}
		return
	}
	for x := range sums {
		sum := float32(0)
		for _, v := range row[x*by : (x+1)*by] {
			sum += v
		}
		sums[x] += sum
	}
}

// spectrumImage fills im with a log-spectrum, tinted by the part a coefficient is in at
// radius r, by×by coefficients a pixel.
func spectrumImage(im *picture.Image, spectrum engine.Plane, r float64, by int) {
	planeImage(im, spectrum, 1, 0, by)
	for y := range im.H {
		dy := float64(y*by + by/2 - spectrum.H/2)
		for x := range im.W {
			dx := float64(x*by + by/2 - spectrum.W/2)
			part := 0
			if dx*dx+dy*dy < r*r {
				part = 1
			}
			px := im.Pix[3*(y*im.W+x):][:3]
			copy(px, spectrumTints[part][px[0]][:])
		}
	}
}

// spectrumTints are the colours of a spectrum by part (0 high, 1 low) and level: the
// parts' own, lightened, with weak frequencies raised so that they show.
var spectrumTints = func() (tints [2][256][3]uint8) {
	for part, colour := range [2][3]uint8{darkTheme.circleHigh, darkTheme.circleLow} {
		for level := range 256 {
			bright := math.Pow(float64(level)/255, 0.6)
			for c := range 3 {
				tints[part][level][c] = uint8(bright * (255 + 2*float64(colour[c])) / 3)
			}
		}
	}
	return tints
}()

// drawCircle draws the circle at r into a boxed spectrum.
func drawCircle(box *picture.Image, spectrum engine.Plane, r float64) {
	drawRing(box, spectrum.W, spectrum.H, r, [3]uint8{255, 255, 255})
}

// drawRing draws a circle of radius r about the zero frequency of a w×h Fourier plane.
func drawRing(box *picture.Image, w, h int, r float64, colour [3]uint8) {
	fw, fh := box.W, box.W*h/w
	if fh > box.H {
		fw, fh = box.H*w/h, box.H
	}
	scale := float64(fw) / float64(w)
	cx := float64((box.W-fw)/2) + (float64(w/2)+0.5)*scale
	cy := float64((box.H-fh)/2) + (float64(h/2)+0.5)*scale
	radius, half := r*scale, max(0.6, float64(fw)/220)
	if r <= 0 {
		return
	}
	for y := max(0, int(cy-radius-3)); y < min(box.H, int(cy+radius+4)); y++ {
		dy := float64(y) + 0.5 - cy
		for _, side := range [2]float64{-1, 1} {
			inner := math.Sqrt(max(0, (radius-half-1)*(radius-half-1)-dy*dy))
			outer := math.Sqrt(max(0, (radius+half+1)*(radius+half+1)-dy*dy))
			if radius < half+1 || math.Abs(dy) > radius-half-1 {
				inner = 0
			}
			from, to := cx+side*inner, cx+side*outer
			if side < 0 {
				from, to = to, from
			}
			for x := max(0, int(from-1)); x <= min(box.W-1, int(to+1)); x++ {
				dx := float64(x) + 0.5 - cx
				if dx*side < 0 {
					continue
				}
				cover := half + 0.5 - math.Abs(math.Hypot(dx, dy)-radius)
				blend(box.Pix[3*(y*box.W+x):], min(max(cover, 0), 1), colour)
			}
		}
	}
}

// blend mixes a colour into a pixel.
func blend(px []byte, share float64, colour [3]uint8) {
	if share <= 0 {
		return
	}
	for c, v := range colour {
		px[c] = uint8(float64(px[c]) + share*(float64(v)-float64(px[c])))
	}
}
