package kit

// The four pictures of the Explore page.
const (
	SlotWhole = iota
	SlotLow
	SlotHigh
	SlotSpectrum
	Slots
)

// Slot is the position of a picture, its title and its text.
type Slot struct {
	Kind             int
	Title, Pic, Text Rect
}

// Aspect is the width of pictures of w×h pixels over their height, as far as it is laid out for.
func Aspect(w, h int) float64 {
	if w <= 0 || h <= 0 {
		return 1
	}
	return min(max(float64(w)/float64(h), 0.2), 5)
}

// arrangement is a layout of pictures: their number, how many are side by side, and whether text is
// beside or below each.
type arrangement struct {
	pictures, across int
	beside           bool // text is beside its picture, not below
}

// AllSlots asks for all pictures, however small.
const AllSlots = Slots + 1

// BestArrangement returns the arrangement with the largest pictures, at most most of them: of all,
// unless they would be too small.
func BestArrangement(block Rect, lines int, aspect float64, cell CellSize, most int) arrangement {
	best, area := arrangement{2, 2, false}, 0.0
	for _, small := range []bool{false, true} {
		if !small && most == AllSlots {
			continue
		}
		for n := min(most, Slots); n >= 2; n-- {
			for _, a := range arrangements(n) {
				cols, rows := a.Fit(block, lines, aspect, cell)
				score := float64(cols * rows)
				if a.across == n {
					score *= 1.3 // side by side is best for comparison
				}
				if score > area && (small || cell.large(cols, rows)) {
					best, area = a, score
				}
			}
			if area > 0 && (!small || most == AllSlots) {
				return best
			}
		}
	}
	return best
}

// large reports whether a picture of so many cells is large enough: a pixel for each of the image's
// where it is drawn in whole multiples.
func (c CellSize) large(cols, rows int) bool {
	if c.ImageW > 0 {
		return cols >= c.ImageW && 2*rows >= c.ImageH
	}
	return cols*rows >= pictureCells
}

func arrangements(n int) []arrangement {
	var list []arrangement
	for across := n; across >= 1; across-- {
		if n%across == 0 {
			list = append(list, arrangement{n, across, false}, arrangement{n, across, true})
		}
	}
	return list
}

// Fit returns the size of each picture in cells; 0 if there is no room.
func (a arrangement) Fit(block Rect, lines int, aspect float64, cell CellSize) (cols, rows int) {
	down := a.pictures / a.across
	w := (block.W - (a.across - 1)) / a.across
	h := block.H/down - 1
	if a.beside {
		w -= textWidth + 2
	} else {
		h -= lines
	}
	if w < 4 || h < 2 {
		return 0, 0
	}
	w, h = cell.Limit(w, h)
	if cell.ImageW > 0 {
		cols, rows = cell.Whole(w, h)
		return min(w, max(cols, titleWidth)), rows
	}
	perRow := float64(cell.H) * aspect / float64(cell.W) // columns per row for square pixels
	cols = min(w, int(float64(h)*perRow+0.5))
	rows = min(h, int(float64(cols)/perRow))
	if rows < 1 {
		rows = 1
	}
	return max(1, min(w, max(titleWidth, int(float64(rows)*perRow+0.5)))), rows
}

// order lists the pictures to show if there is room for n.
func order(n int) []int {
	switch n {
	case 2:
		return []int{SlotLow, SlotHigh}
	case 3:
		return []int{SlotWhole, SlotLow, SlotHigh}
	}
	return []int{SlotWhole, SlotLow, SlotHigh, SlotSpectrum}
}

// Height returns the number of rows of an arrangement.
func (a arrangement) Height(rows, lines int) int {
	down := a.pictures / a.across
	if a.beside {
		return down * (1 + rows)
	}
	return down * (1 + rows + lines)
}

const (
	textWidth    = 22  // minimum width for text beside a picture
	pictureCells = 150 // minimum cells of a picture, else fewer are shown
	mostLines    = 10  // predictions listed at most
	titleWidth   = 16  // minimum width for a picture's title
)

// Place lays out the pictures of an arrangement in the block, and uses the remaining room for more
// predictions and the chart, of at least so many rows, which is empty if there is none.
func (a arrangement) Place(block Rect, cols, rows, lines, classes, least int) (places []Slot, chart Rect) {
	down := a.pictures / a.across
	column := (block.W + 1) / a.across
	extra := block.H - down*(1+rows+lines)
	if a.beside {
		extra = block.H - down*(1+rows)
		lines = rows
	} else {
		more := min(mostLines, max(classes, lines)) - lines
		if extra >= least+1 {
			more = min(more, (extra-least-down)/down)
		}
		more = max(0, min(more, extra/down))
		lines += more
		extra -= more * down
	}
	gap := 0
	if down > 1 && extra >= down-1 {
		gap = 1
		extra -= down - 1
	}
	for i, kind := range order(a.pictures) {
		x := block.X + i%a.across*column
		y := block.Y + i/a.across*(1+rows+gap)
		if !a.beside {
			y += i / a.across * lines
		}
		s := Slot{Kind: kind, Title: Rect{x, y, cols, 1}, Pic: Rect{x, y + 1, cols, rows}}
		if a.beside {
			s.Text = Rect{x + cols + 1, y + 1, column - cols - 3, rows}
		} else {
			s.Text = Rect{x, y + 1 + rows, column - 2, lines}
		}
		places = append(places, s)
	}
	if extra >= least+1 {
		chart = Rect{block.X, block.Bottom() - extra + 1, block.W, extra - 1}
	}
	return places, chart
}
