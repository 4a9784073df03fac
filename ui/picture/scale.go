package picture

// Scale fits src into all of dst, keeping its proportions and centring it, and paints
// the rest with the background. Enlarging repeats pixels (crisp squares), reducing
// averages areas.
func Scale(dst, src *Image, background RGB) {
	dst.Fill(background)
	if src.W < 1 || src.H < 1 {
		return
	}
	w, h := dst.W, dst.W*src.H/src.W
	if h > dst.H {
		w, h = dst.H*src.W/src.H, dst.H
	}
	w, h = max(w, 1), max(h, 1)
	x0, y0 := (dst.W-w)/2, (dst.H-h)/2
	for y := range h {
		sy := y * src.H / h
		for x := range w {
			s := 3 * (sy*src.W + x*src.W/w)
			d := 3 * ((y0+y)*dst.W + x0 + x)
			copy(dst.Pix[d:d+3], src.Pix[s:s+3])
		}
	}
}
