package picture

import "bytes"

// repeats finds runs of equal rows and runs of equal columns in an image. A 32×32 image
// enlarged tenfold has 32 of each, so everything downstream processes 1024 pixels instead of
// 102,400. A photograph has as many runs as rows and columns.
type repeats struct {
	rows []int // where each run of equal rows starts; one more entry for the end
	cols []int // the same for columns

	open []int // columns not yet seen to differ from their left neighbor
}

func (r *repeats) find(img *Image) {
	stride := 3 * img.W
	r.rows = append(r.rows[:0], 0)
	for y := 1; y < img.H; y++ {
		if !bytes.Equal(img.Pix[(y-1)*stride:y*stride], img.Pix[y*stride:(y+1)*stride]) {
			r.rows = append(r.rows, y)
		}
	}

	r.open = r.open[:0]
	for x := 1; x < img.W; x++ {
		r.open = append(r.open, x)
	}
	for _, y := range r.rows {
		if len(r.open) == 0 {
			break
		}
		row := img.Pix[y*stride : (y+1)*stride]
		kept := r.open[:0]
		for _, x := range r.open {
			p := row[3*x-3 : 3*x+3 : 3*x+3]
			if p[0] == p[3] && p[1] == p[4] && p[2] == p[5] {
				kept = append(kept, x)
			}
		}
		r.open = kept
	}
	r.rows = append(r.rows, img.H)

	// A column starts a run unless it is still open, i.e. equal to its neighbor everywhere.
	r.cols = append(r.cols[:0], 0)
	next := 0
	for x := 1; x < img.W; x++ {
		if next < len(r.open) && r.open[next] == x {
			next++
			continue
		}
		r.cols = append(r.cols, x)
	}
	r.cols = append(r.cols, img.W)
}

// size returns the number of runs of columns and rows.
func (r *repeats) size() (cols, rows int) { return len(r.cols) - 1, len(r.rows) - 1 }
