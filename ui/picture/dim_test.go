package picture

import (
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
)

// A dimmed picture has the size of the encoded one and colors near the background; without colors
// there is none.
func TestDimmed(t *testing.T) {
	img := New(40, 40)
	img.Fill(RGB{200, 100, 0})
	for p := range protocols {
		d := NewEncoder(Protocol(p)).Encode(img, 4, 2)
		lines := Dimmed(d.Cells, colorprofile.TrueColor, RGB{255, 255, 255})
		if len(lines) != 2 || strings.Count(lines[0], "▀") != 4 || !strings.Contains(lines[0], "38;2;234;196;159") {
			t.Errorf("%v: %q", Protocol(p), lines)
		}
		if lines := Dimmed(d.Cells, colorprofile.ASCII, RGB{}); lines != nil {
			t.Errorf("%v without colors: %q", Protocol(p), lines)
		}
	}
}
