package picture

import "github.com/charmbracelet/colorprofile"

// dimmedShare is how much of a picture's colors is left of 256 where it is dimmed.
const dimmedShare = 96

// Dimmed returns the text of half blocks of cells, as an encoded picture has them, with colors near a
// background's: what is behind a dialog.
func Dimmed(cells *Image, profile colorprofile.Profile, background RGB) []string {
	e := &Encoder{Profile: profile}
	dim := New(cells.W, cells.H)
	back := [3]int{int(background.R), int(background.G), int(background.B)}
	for i, v := range cells.Pix {
		dim.Pix[i] = byte((int(v)*dimmedShare + back[i%3]*(256-dimmedShare)) / 256)
	}
	if e.shades() {
		return nil
	}
	return e.halfBlocks(dim, cells.W, (cells.H+1)/2).Lines
}

// cellsOf averages an image to two pixels per cell of a box.
func cellsOf(img *Image, cols, rows int) *Image {
	cells := New(cols, 2*rows)
	average(cells, img, rect{0, 0, cols, 2 * rows})
	return cells
}
