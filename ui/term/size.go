package term

// Terminals may report any size. Beyond the largest real screens it is clamped, since the frame takes
// memory for every cell, and pictures for every pixel.
const (
	maxCols, maxRows         = 500, 200
	defaultCols, defaultRows = 80, 24
	maxPixels                = 1 << 25 // of the screen: 8K
)

// ClampSize returns a terminal's size in cells as it is to be used: as reported by its driver, or by
// an SSH client, in range, and 80×24 where it is unknown (0).
func ClampSize(cols, rows int) (int, int) {
	if cols < 1 {
		cols = defaultCols
	}
	if rows < 1 {
		rows = defaultRows
	}
	return min(cols, maxCols), min(rows, maxRows)
}

// clamped returns a window's size in range: too many pixels are unknown.
func (w windowSize) clamped() windowSize {
	if w.width*w.height > maxPixels {
		w.width, w.height = 0, 0
	}
	return w
}

// fits reports whether a screen of cells of w×h pixels is plausible.
func (w windowSize) fits(cellW, cellH int) bool {
	cols, rows := ClampSize(w.cols, w.rows)
	return cellW >= 1 && cellH >= 1 && cellW <= maxCell && cellH <= maxCell && cols*cellW*rows*cellH <= maxPixels
}
