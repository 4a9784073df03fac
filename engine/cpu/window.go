package cpu

// window is a convolution over a lattice of output pixels, each of which sees the same
// taps: all of a convolution's outputs, or those of its input gradient's that lie the same
// way towards the stride.
type window struct {
	// Output pixel (i, j) of the lattice is pixel (y + i·step, x + j·step) of the output,
	// and its first tap sees pixel (fromY + i·advance, fromX + j·advance) of the input.
	y, x, step, height, width int
	fromY, fromX, advance     int

	rows, cols int
	taps       []int // which element of the kernel [R,S] each is, row by row
}

// convWindow is the one window of a convolution with an r×s kernel and an h×w output.
func convWindow(r, s, stride, pad, h, w int) window {
	win := window{step: 1, height: h, width: w, fromY: -pad, fromX: -pad, advance: stride, rows: r, cols: s}
	for i := range r * s {
		win.taps = append(win.taps, i)
	}
	return win
}

// gradWindows are the windows of the gradient with respect to an h×w input. An input pixel
// reaches only outputs a stride apart, so pixels that are a stride apart have taps in
// common: nothing is multiplied by zeros between the outputs.
func gradWindows(r, s, stride, pad, h, w int) []window {
	var windows []window
	for y := range min(stride, h) {
		rows := reaching(y, r, stride, pad)
		for x := range min(stride, w) {
			cols := reaching(x, s, stride, pad)
			win := window{
				y: y, x: x, step: stride, height: (h - y + stride - 1) / stride, width: (w - x + stride - 1) / stride,
				advance: 1, rows: len(rows), cols: len(cols),
			}
			if len(rows) > 0 && len(cols) > 0 {
				win.fromY, win.fromX = (y+pad-rows[0])/stride, (x+pad-cols[0])/stride
			}
			for _, i := range rows {
				for _, j := range cols {
					win.taps = append(win.taps, i*s+j)
				}
			}
			windows = append(windows, win)
		}
	}
	return windows
}

// reaching gives the kernel's elements, the last first, through which input i reaches an
// output; successive ones reach successive outputs.
func reaching(i, size, stride, pad int) []int {
	var taps []int
	for t := size - 1; t >= 0; t-- {
		if (i+pad-t)%stride == 0 {
			taps = append(taps, t)
		}
	}
	return taps
}

// halo is how far the taps look over the edges of an h×w input.
func (win *window) halo(h, w int) int {
	if len(win.taps) == 0 {
		return 0
	}
	return max(0, -win.fromY, -win.fromX,
		win.fromY+(win.height-1)*win.advance+win.rows-h,
		win.fromX+(win.width-1)*win.advance+win.cols-w)
}

// offsets calls f for every pixel of the lattice with where, in elements from the plane's
// first pixel, its first tap and its output lie.
func (win *window) offsets(x, y *layout, f func(x, y int)) {
	for i := range win.height {
		for j := range win.width {
			f((win.fromY+i*win.advance)*x.row()+(win.fromX+j*win.advance)*x.block,
				(win.y+i*win.step)*y.row()+(win.x+j*win.step)*y.block)
		}
	}
}
