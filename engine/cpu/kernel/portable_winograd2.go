package kernel

import "unsafe"

// portableWinograd2 is Winograd2 in Go.
var portableWinograd2 = Winograd2{Input: winograd2Input, Product: winograd2Product, Output: winograd2Output, Weights: winograd2Weights}

// grid2 is a tile's points, or its inputs.
type grid2 [4][4]pixel

// transposed turns rows into columns.
func (g *grid2) transposed() (out grid2) {
	for r := range g {
		for c := range g[r] {
			out[c][r] = g[r][c]
		}
	}
	return out
}

// winograd2Input is BᵀxB for every tile.
//
//go:norace
//go:nocheckptr
func winograd2Input(x, v *float32, tiles *int32, n int, shape *Winograd2Shape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		d := inputTile2(x, int(tile), shape.Row)
		for r := range d {
			for c := range d[r] {
				narrowPixel(halvesAt(v, (r*4+c)*shape.Point+i*PixelBytes/2), &d[r][c])
			}
		}
	}
}

// inputTile2 is BᵀxB of the tile at an offset.
//
//go:norace
//go:nocheckptr
func inputTile2(x *float32, offset, row int) (d grid2) {
	for r := range d {
		for c := range d[r] {
			d[r][c] = widePixel(halvesAt(x, offset+r*row+c*PixelBytes/2))
		}
	}
	for range 2 {
		for r := range d {
			d[r] = toInputs2(&d[r])
		}
		d = d.transposed()
	}
	return d
}

// toInputs2 multiplies by Bᵀ.
func toInputs2(d *[4]pixel) (out [4]pixel) {
	for k := range Block {
		out[0][k] = d[0][k] - d[2][k]
		out[1][k] = d[1][k] + d[2][k]
		out[2][k] = d[2][k] - d[1][k]
		out[3][k] = d[1][k] - d[3][k]
	}
	return out
}

func widePixel(h *halves) (p pixel) {
	for k, v := range h {
		p[k] = Widen(v)
	}
	return p
}

func narrowPixel(h *halves, p *pixel) {
	for k, v := range p {
		h[k] = Narrow(v)
	}
}

// winograd2Product multiplies points.
//
//go:norace
//go:nocheckptr
func winograd2Product(v, u, m *float32, n int, shape *Winograd2Product) {
	const together = Winograd2Together
	for p := range Winograd2Points {
		for t := range n * together {
			for b := range 2 {
				var sum pixel
				for c := range shape.Blocks {
					for i := range Block / 2 {
						a := pairAt(v, p*shape.VPoint+(t/together*shape.Blocks+c)*together*PixelBytes/2+t%together*PixelBytes/2+4*i)
						addPairs(&sum, a, pairsAt(u, p*shape.UPoint+((c*Block/2+i)*2+b)*PixelBytes))
					}
				}
				*at(m, p*shape.MPoint+b*shape.MBlock+t*PixelBytes) = sum
			}
		}
	}
}

// winograd2Output is Aᵀ·m·A, with what is added, for every tile.
//
//go:norace
//go:nocheckptr
func winograd2Output(m, y, addend, bias *float32, tiles *int32, n int, shape *Winograd2Shape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		var d grid2
		for r := range d {
			for c := range d[r] {
				d[r][c] = *at(m, (r*4+c)*shape.Point+i*PixelBytes)
			}
		}
		d = d.transposed()
		var half [2][4]pixel
		for c := range d {
			half[0][c], half[1][c] = toOutputs2(&d[c])
		}
		for r := range half {
			first, second := toOutputs2(&half[r])
			for c, out := range []pixel{first, second} {
				place := int(tile) + r*shape.Row + c*PixelBytes/2
				for k, v := range at(bias, 0) {
					out[k] += v
				}
				if addend != nil {
					for k, v := range halvesAt(addend, place) {
						out[k] += Widen(v)
					}
				}
				if shape.Rectify != 0 {
					rectify(&out)
				}
				narrowPixel(halvesAt(y, place), &out)
			}
		}
	}
}

// toOutputs2 multiplies by Aᵀ.
func toOutputs2(m *[4]pixel) (first, second pixel) {
	for k := range Block {
		first[k] = m[0][k] + m[1][k] + m[2][k]
		second[k] = m[1][k] - m[2][k] - m[3][k]
	}
	return first, second
}

// winograd2Weights is GwGᵀ for every channel.
//
//go:norace
//go:nocheckptr
func winograd2Weights(src, u, scale *float32, pairs int, shape *Winograd2Weights) {
	for c := range 2 * pairs {
		for k, lane := range shape.Lanes {
			var w [3][3]float32
			for t, tap := range shape.Taps {
				w[t/3][t%3] = value(src, c*shape.Channel+int(lane)+int(tap)) * value(scale, c*shape.Scale+4*k)
			}
			var half [4][3]float32
			for j := range 3 {
				for i, v := range toWeights2(w[0][j], w[1][j], w[2][j]) {
					half[i][j] = v
				}
			}
			for i := range half {
				for j, v := range toWeights2(half[i][0], half[i][1], half[i][2]) {
					pairsAt(u, c/2*shape.Pair+(4*i+j)*shape.Point)[k][c%2] = Narrow(v)
				}
			}
		}
	}
}

// toWeights2 multiplies by G.
func toWeights2(a, b, c float32) [4]float32 {
	return [4]float32{a, ((a + c) + b) / 2, ((a + c) - b) / 2, c}
}
