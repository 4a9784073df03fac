package kit

import (
	"slices"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"hfcui/ui/picture"
)

// Without colors, white is ink on dark terminals and paper on light ones.
func TestShadesFollowTheBackground(t *testing.T) {
	white := func(dark bool) []string {
		var p Painter
		spec := RenderSpec{Cols: 2, Rows: 1, Protocol: picture.HalfBlocks, Depth: colorprofile.ASCII, Dark: dark}
		return p.Paint(spec, func(box *picture.Image) { box.Fill(picture.RGB{R: 255, G: 255, B: 255}) }).Lines
	}
	if dark, light := white(true), white(false); len(dark) != 1 || slices.Equal(dark, light) {
		t.Errorf("white is %q on dark terminals and %q on light ones", dark, light)
	}
}

// A box without cells, on a window that has just shrunk, is no division by zero.
func TestReductionOfNoBox(t *testing.T) {
	var r Renderer
	if by := r.Reduction(64, 48); by < 1 {
		t.Errorf("factor %d", by)
	}
}
