package gpu

import "hfcui/engine/op"

// window is what one launch of a convolution's kernel covers: window (i, j) of count reads x at
// row i·advance + from + t·spread for tap t, and writes y at row i·step + first. Tap t is the kernel
// position tap + t·tapStep. All along rows (y) and columns (x).
type window struct {
	count, taps, tap, tapStep          [2]int
	advance, from, spread, step, first [2]int
}

// forwardWindow is the window of a convolution's output.
func forwardWindow(o op.GeneralConv, w, out []int) window {
	return window{
		count: [2]int{out[2], out[3]}, taps: [2]int{w[2], w[3]}, tapStep: [2]int{1, 1},
		advance: o.Stride, from: [2]int{-o.Pad[0], -o.Pad[1]}, spread: o.Dilation, step: [2]int{1, 1},
	}
}

// backwardWindows are the windows of a convolution's input gradient. The pixels of a window have one
// remainder by the stride, so that the same taps reach all of them; no taps if none do.
func backwardWindows(o op.GeneralConvInputGrad, w []int) (all []window) {
	rows := backwardAxis(o.Conv.Window, 0, o.Shape[2], w[2])
	cols := backwardAxis(o.Conv.Window, 1, o.Shape[3], w[3])
	for _, y := range rows {
		for _, x := range cols {
			win := window{
				count: [2]int{y.count, x.count}, taps: [2]int{y.taps, x.taps}, tap: [2]int{y.tap, x.tap},
				tapStep: [2]int{y.tapStep, x.tapStep}, advance: [2]int{1, 1}, from: [2]int{y.from, x.from},
				spread: [2]int{y.spread, x.spread}, step: o.Conv.Stride, first: [2]int{y.first, x.first},
			}
			if y.taps == 0 || x.taps == 0 {
				win.taps = [2]int{}
			}
			all = append(all, win)
		}
	}
	return all
}

// axis is a window along one axis.
type axis struct{ count, taps, tap, tapStep, from, spread, first int }

// backwardAxis returns the windows along an axis of n elements of x and size of the kernel. Element i
// of x is reached by tap r where i + pad − r·dilation is a multiple of the stride.
func backwardAxis(o op.Window, at, n, size int) (all []axis) {
	stride, dilation, pad := o.Stride[at], o.Dilation[at], o.Pad[at]
	common := gcd(stride, dilation)
	for first := range min(stride, n) {
		a := axis{count: (n - first + stride - 1) / stride, first: first, tapStep: stride / common, spread: -dilation / common}
		for r := range min(size, a.tapStep) {
			if (first+pad-r*dilation)%stride == 0 {
				a.tap, a.taps, a.from = r, (size-1-r)/a.tapStep+1, (first+pad-r*dilation)/stride
			}
		}
		all = append(all, a)
	}
	return all
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// channelParts is how a convolution's channels are divided into parts that kernels handle on their
// own: whole groups, `some` of them together, so that parts begin at an octet. Weights between
// different groups of a part are zeros.
type channelParts struct {
	count, some     int
	inputs, outputs int // channels of a group
	in, out         int // channels stored of a part
}

// partsOf divides the channels of a convolution with weights [K,C/groups,R,S].
func partsOf(groups int, w []int) channelParts {
	p := channelParts{count: 1, some: groups, inputs: w[1], outputs: w[0] / groups}
	for some := 1; some < groups; some++ {
		if groups%some == 0 && some*p.inputs%octet == 0 && some*p.outputs%octet == 0 {
			p.count, p.some = groups/some, some
			break
		}
	}
	p.in, p.out = roundUp(p.some*p.inputs, octet), roundUp(p.some*p.outputs, octet)
	return p
}

// isDepthwise tells convolutions whose channels have one kernel each, of weights [K,C/groups,R,S].
func isDepthwise(groups int, w []int) bool { return groups > 1 && w[0] == groups && w[1] == 1 }
