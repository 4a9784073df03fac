package cpu

import "hfcui/engine/op"

// window is a convolution over a lattice of output pixels, each of which sees the same
// taps: all of a convolution's outputs, or those of its input gradient's that lie the same
// way towards the stride. Pairs are along rows (y) and columns (x).
type window struct {
	// Output pixel (i, j) of the lattice is pixel first + (i, j)·step of the output, and its
	// first tap sees pixel from + (i, j)·advance of the input. Taps are spread apart.
	first, step, from, advance, spread [2]int

	height, width int // of the lattice
	rows, cols    int
	taps          []int // which element of the kernel [R,S] each is, row by row
}

// convWindow is the one window of a convolution with an r×s kernel and an h×w output.
func convWindow(r, s int, o op.Window, h, w int) window {
	win := window{
		step: [2]int{1, 1}, from: [2]int{-o.Pad[0], -o.Pad[1]}, advance: o.Stride, spread: o.Dilation,
		height: h, width: w, rows: r, cols: s,
	}
	for i := range r * s {
		win.taps = append(win.taps, i)
	}
	return win
}

// gradWindows are the windows of the gradient with respect to an h×w input, of a convolution
// without dilation. An input pixel reaches only outputs a stride apart, so pixels that are a
// stride apart have taps in common: nothing is multiplied by zeros between the outputs.
func gradWindows(r, s int, o op.Window, h, w int) []window {
	var windows []window
	stride, pad := o.Stride, o.Pad
	for y := range min(stride[0], h) {
		rows := reaching(y, r, stride[0], pad[0])
		for x := range min(stride[1], w) {
			cols := reaching(x, s, stride[1], pad[1])
			win := window{
				first: [2]int{y, x}, step: stride, advance: [2]int{1, 1}, spread: [2]int{1, 1},
				height: (h - y + stride[0] - 1) / stride[0], width: (w - x + stride[1] - 1) / stride[1],
				rows: len(rows), cols: len(cols),
			}
			if len(rows) > 0 && len(cols) > 0 {
				win.from = [2]int{(y + pad[0] - rows[0]) / stride[0], (x + pad[1] - cols[0]) / stride[1]}
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
	return max(0, -win.from[0], -win.from[1],
		win.from[0]+(win.height-1)*win.advance[0]+(win.rows-1)*win.spread[0]+1-h,
		win.from[1]+(win.width-1)*win.advance[1]+(win.cols-1)*win.spread[1]+1-w)
}

// dense tells that neighboring outputs see neighboring inputs through neighboring taps.
func (win *window) dense() bool {
	one := [2]int{1, 1}
	return win.advance == one && win.step == one && win.spread == one
}

// offsets calls f for every pixel of the lattice with where, in elements from the plane's
// first pixel, its first tap and its output lie.
func (win *window) offsets(x, y *layout, f func(x, y int)) {
	for i := range win.height {
		for j := range win.width {
			f((win.from[0]+i*win.advance[0])*x.row()+(win.from[1]+j*win.advance[1])*x.block,
				(win.first[0]+i*win.step[0])*y.row()+(win.first[1]+j*win.step[1])*y.block)
		}
	}
}
