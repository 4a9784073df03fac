package ui

import (
	"strings"
	"testing"

	"hfcui/ui/term"
)

// A Linux console has no braille and few symbols: every page and dialog is made of what it has, and
// markers stay different from each other.
func TestLinuxConsole(t *testing.T) {
	caps := term.NewProbe([]string{"TERM=linux"}).Capabilities()
	caps.Complete = true
	all := ""
	for _, size := range [][2]int{{80, 24}, {140, 44}} {
		d := start(t, size[0], size[1])
		d.Send(capabilitiesMsg{caps})
		for _, keys := range []string{"1", "?", "esc", ":", "esc", "O", "esc", "2", "s", "3", "4", "5", "6", "7", "J"} {
			d.Keys(keys)
			for y, line := range d.Screen() {
				for _, r := range line {
					if r >= 0x7f && r != '\u00a0' && !caps.Has(r) {
						t.Fatalf("%d×%d, after %s: line %d has %q: %s", size[0], size[1], keys, y, r, line)
					}
				}
				all += line
			}
		}
	}
	for _, mark := range []string{"√", "x", "•", "▲", "S←", "░", "▀", "█"} {
		if !strings.Contains(all, mark) {
			t.Errorf("nothing has %s", mark)
		}
	}
}
