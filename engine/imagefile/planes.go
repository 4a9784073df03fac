package imagefile

// plane is a component of an image, subsampled by sx horizontally and sy vertically.
type plane struct {
	pix          []byte
	stride, w, h int
	sx, sy       int
}

// planes are the components of an image, the first of which is not subsampled.
type planes []plane

// converter converts a row of components to red, green and blue.
type converter func(components [][]byte, to [][]float32)

// rows interpolates subsampled components as libjpeg does ("fancy upsampling"), then converts.
func (p planes) rows(convert converter) Rows {
	w := p[0].w
	components := make([][]byte, len(p))
	for c := range p {
		components[c] = make([]byte, w+3) // interpolation works on whole groups
	}
	columns := make([]int32, p[len(p)-1].w+w) // scratch
	row := make([][]byte, len(p))
	return Rows{3, p[0].h, w, func(y int, to [][]float32) {
		for c := range p {
			row[c] = p[c].upsample(components[c], columns, y)
		}
		convert(row, to)
	}}
}

// at returns row y, or the nearest there is.
func (p *plane) at(y int) []byte {
	return p.pix[max(0, min(y, p.h-1))*p.stride:][:p.w]
}

// upsample returns row y at full resolution, in dst unless it is already. The filters are triangles,
// as in jdsample.c of libjpeg-turbo: an output pixel has 3/4 of the nearest sample and 1/4 of the
// next nearest, along each subsampled axis; rounding alternates. Factors of 4, and widths of up to
// two samples, are repeated.
func (p *plane) upsample(dst []byte, columns []int32, y int) []byte {
	near := p.at(y / p.sy)
	other, bias := y/p.sy-1, int32(1) // the nearer neighbor of near, for sy = 2
	if y%2 == 1 {
		other, bias = y/p.sy+1, 2
	}
	switch {
	case p.sx == 1 && p.sy == 1:
		return near
	case p.sx == 1 && p.sy == 2:
		for x, v := range p.at(other) {
			dst[x] = byte((3*int32(near[x]) + int32(v) + bias) >> 2)
		}
	case p.sx == 2 && p.sy == 1 && p.w > 2:
		columns = columns[:p.w]
		for x, v := range near {
			columns[x] = int32(v)
		}
		triangle(dst, columns, 2, 1, 2)
	case p.sx == 2 && p.sy == 2 && p.w > 2:
		columns = columns[:p.w]
		for x, v := range p.at(other) {
			columns[x] = 3*int32(near[x]) + int32(v)
		}
		triangle(dst, columns, 4, 8, 7)
	default:
		for x, i := 0, 0; i < len(near); i++ {
			for k := 0; k < p.sx && x < len(dst); k++ {
				dst[x] = near[i]
				x++
			}
		}
	}
	return dst
}

// triangle doubles a line and shifts it by shift bits; left and right are the biases of the left and
// right pixel of each pair.
func triangle(dst []byte, line []int32, shift uint, left, right int32) {
	last := len(line) - 1
	dst[0] = byte((4*line[0] + left) >> shift)
	for x, v := range line[:last] {
		next := line[x+1]
		dst[2*x+1] = byte((3*v + next + right) >> shift)
		dst[2*x+2] = byte((3*next + v + left) >> shift)
	}
	dst[2*last+1] = byte((4*line[last] + right) >> shift)
}

// Tables of JFIF's conversion (ITU-R BT.601, full range) as in jdcolor.c of libjpeg-turbo.
var crToR, cbToB, crToG, cbToG = func() (r, b, crg, cbg [256]int32) {
	const half = 1 << 15
	fix := func(x float64) int32 { return int32(x*65536 + 0.5) }
	for i := range int32(256) {
		x := i - 128
		r[i] = (fix(1.40200)*x + half) >> 16
		b[i] = (fix(1.77200)*x + half) >> 16
		crg[i] = -fix(0.71414) * x
		cbg[i] = -fix(0.34414)*x + half
	}
	return r, b, crg, cbg
}()

// clamped maps values from −256 to 767 to [0,1].
var clamped = func() (table [1024]float32) {
	for i := range table {
		table[i] = unit[max(0, min(i-256, 255))]
	}
	return table
}()

func yccToRGB(c [][]byte, to [][]float32) {
	red := to[0]
	n := len(red)
	green, blue, luma, cb, cr := to[1][:n], to[2][:n], c[0][:n], c[1][:n], c[2][:n]
	for x := range red {
		y, u, v := int32(luma[x])+256, cb[x], cr[x]
		red[x] = clamped[(y+crToR[v])&1023]
		green[x] = clamped[(y+(cbToG[u]+crToG[v])>>16)&1023]
		blue[x] = clamped[(y+cbToB[u])&1023]
	}
}

func copyRGB(c [][]byte, to [][]float32) {
	for p := range to {
		for x := range to[p] {
			to[p][x] = unit[c[p][x]]
		}
	}
}

// cmykToRGB is for inverted C, M, Y and K, which JPEG files have by Adobe's convention, i.e. for
// paper's share of each: red is that of C times that of K.
func cmykToRGB(c [][]byte, to [][]float32) {
	for p := range to {
		for x := range to[p] {
			to[p][x] = unit[scale(c[p][x], c[3][x])]
		}
	}
}

// ycckToRGB is for inverted C, M and Y coded as Y, Cb and Cr of 255 minus them.
func ycckToRGB(c [][]byte, to [][]float32) {
	yccToRGB(c, to)
	for p := range to {
		for x := range to[p] {
			to[p][x] = unit[scale(255-byte(to[p][x]*255+0.5), c[3][x])]
		}
	}
}

// scale returns a·b/255, rounded.
func scale(a, b byte) byte {
	return byte((uint32(a)*uint32(b) + 127) / 255)
}
