package picture

// smallSide is the largest side of an image that counts as small. Its pixels are what the
// viewer wants to see, so enlarging keeps them as crisp squares.
const smallSide = 128

// Scale fits src into dst, keeping its aspect ratio and centering it, and fills the rest with
// the background. Images of at most 128 pixels a side are enlarged by nearest neighbor, by
// integer and fractional factors alike; larger ones bilinearly. Images are reduced by area
// averaging. src must not share memory with dst.
func Scale(dst, src *Image, background RGB) {
	if src.W < 1 || src.H < 1 {
		dst.Fill(background)
		return
	}
	// The larger side fills the box; the other is rounded to the nearest pixel.
	w, h := dst.W, (2*dst.W*src.H+src.W)/(2*src.W)
	if h > dst.H {
		w, h = (2*dst.H*src.W+src.H)/(2*src.H), dst.H
	}
	w, h = min(max(w, 1), dst.W), min(max(h, 1), dst.H)
	if w != dst.W || h != dst.H {
		dst.Fill(background)
	}
	box := rect{x: (dst.W - w) / 2, y: (dst.H - h) / 2, w: w, h: h}
	switch {
	case w < src.W || h < src.H:
		average(dst, src, box)
	case src.W <= smallSide && src.H <= smallSide:
		repeat(dst, src, box)
	default:
		bilinear(dst, src, box)
	}
}

// rect is a rectangle of an image.
type rect struct{ x, y, w, h int }

// row returns the pixels of one row of the rectangle.
func (r rect) row(im *Image, y int) []byte {
	o := 3 * ((r.y+y)*im.W + r.x)
	return im.Pix[o : o+3*r.w]
}

// repeat enlarges by nearest neighbor. Rows that show the same row of src are copied.
func repeat(dst, src *Image, box rect) {
	last := -1
	var above []byte
	for y := range box.h {
		out := box.row(dst, y)
		sy := y * src.H / box.h
		if sy == last {
			copy(out, above)
			continue
		}
		in := src.Pix[3*sy*src.W : 3*(sy+1)*src.W]
		for x, o := 0, 0; x < box.w; x, o = x+1, o+3 {
			s := 3 * (x * src.W / box.w)
			out[o], out[o+1], out[o+2] = in[s], in[s+1], in[s+2]
		}
		last, above = sy, out
	}
}

// span is the range of source pixels that one target pixel covers: all of those from first to
// last, the first and last only partly. Weights are in units of 1/n of a pixel, where n is the
// target's size, so that they add up to the source's size exactly.
type span struct{ first, last, head, tail uint32 }

// spans returns the spans for resampling from pixels to n pixels.
func spans(from, n int) []span {
	s := make([]span, n)
	for i := range s {
		// Target pixel i covers [i·from, (i+1)·from) in units of 1/n source pixel.
		a, b := i*from, (i+1)*from
		first, last := a/n, (b-1)/n
		s[i] = span{uint32(first), uint32(last), uint32(n - a%n), uint32(b - last*n)}
		if first == last {
			s[i].head = uint32(from)
		}
	}
	return s
}

// average fills the box with the means of the areas its pixels cover in src. Along an axis on
// which src is smaller, those areas overlap.
func average(dst, src *Image, box rect) {
	across, down := spans(src.W, box.w), spans(src.H, box.h)
	// Column sums of src's pixels, at most 255·src.H each.
	sums := make([]uint32, 3*src.W)
	area := uint64(src.W) * uint64(src.H)
	for y, v := range down {
		clear(sums)
		addRow(sums, src, int(v.first), v.head)
		for sy := v.first + 1; sy < v.last; sy++ {
			addRow(sums, src, int(sy), uint32(box.h))
		}
		if v.last > v.first {
			addRow(sums, src, int(v.last), v.tail)
		}
		out := box.row(dst, y)
		for x, u := range across {
			i := 3 * u.first
			for c := range uint32(3) {
				sum := uint64(sums[i+c]) * uint64(u.head)
				if u.last > u.first {
					var middle uint64
					for k := i + 3 + c; k < 3*u.last; k += 3 {
						middle += uint64(sums[k])
					}
					sum += middle*uint64(box.w) + uint64(sums[3*u.last+c])*uint64(u.tail)
				}
				out[3*x+int(c)] = byte((sum + area/2) / area)
			}
		}
	}
}

func addRow(sums []uint32, src *Image, y int, weight uint32) {
	in := src.Pix[3*y*src.W : 3*(y+1)*src.W]
	sums = sums[:len(in)]
	for i, v := range in {
		sums[i] += uint32(v) * weight
	}
}

// bilinear enlarges by linear interpolation between pixel centers, in units of 1/256.
func bilinear(dst, src *Image, box rect) {
	type tap struct{ a, b, t int }
	taps := func(from, n, stride int) []tap {
		out := make([]tap, n)
		for i := range out {
			// Center of target pixel i in 1/256 of a source pixel, from the first center.
			p := min(max(((2*i+1)*from*256/n-256)/2, 0), (from-1)*256)
			a := p >> 8
			out[i] = tap{a * stride, min(a+1, from-1) * stride, p & 255}
		}
		return out
	}
	across := taps(src.W, box.w, 3)
	for y, v := range taps(src.H, box.h, 3*src.W) {
		upper, lower := src.Pix[v.a:v.a+3*src.W], src.Pix[v.b:v.b+3*src.W]
		out := box.row(dst, y)
		for x, u := range across {
			for c := range 3 {
				p := int(upper[u.a+c])*(256-u.t) + int(upper[u.b+c])*u.t
				q := int(lower[u.a+c])*(256-u.t) + int(lower[u.b+c])*u.t
				out[3*x+c] = byte((p*(256-v.t) + q*v.t + 1<<15) >> 16)
			}
		}
	}
}
