package kernel

import "unsafe"

// bt is Bᵀ.
var bt = [WinogradInputs][WinogradInputs]float32{
	{4, 0, -5, 0, 1, 0},
	{0, -4, -4, 1, 1, 0},
	{0, 4, -4, -1, 1, 0},
	{0, -2, -1, 2, 1, 0},
	{0, 2, -1, -2, 1, 0},
	{0, 4, 0, -5, 0, 1},
}

func winogradInput(x, v *float32, tiles *int32, n int, shape *WinogradShape) {
	for i, tile := range unsafe.Slice(tiles, n) {
		var rows [WinogradInputs][WinogradInputs]pixel
		for r := range bt {
			for c := range WinogradInputs {
				for from, factor := range bt[r] {
					addScaled(&rows[r][c], factor, at(x, int(tile)+from*shape.Row+c*PixelBytes))
				}
			}
		}
		for r := range rows {
			for c := range bt {
				var sum pixel
				for from, factor := range bt[c] {
					addScaled(&sum, factor, &rows[r][from])
				}
				*at(v, (r*WinogradInputs+c)*shape.Point+i*PixelBytes) = sum
			}
		}
	}
}

// addScaled adds factor times v; where the factor is 0 not even a NaN counts.
//
//go:norace
//go:nocheckptr
func addScaled(sum *pixel, factor float32, v *pixel) {
	if factor == 0 {
		return
	}
	for k := range sum {
		sum[k] += factor * v[k]
	}
}
