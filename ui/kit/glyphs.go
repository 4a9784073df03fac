package kit

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// substitutes lists what is drawn instead of characters that a font lacks, the best first. Each ends
// with ASCII, and markers of different things stay different.
var substitutes = map[rune]string{
	'✓': "√v", '✗': "x", '·': ".", '†': "+", '≠': "!", '…': ".", '⇧': "S",
	'●': "•*", '▲': "^", '■': "#", '○': "o", '△': "A", '□': "H",
	'◆': "♦D", '▼': "V", '★': "☼X", '✚': "+", '◉': "◙@", '✦': "♣%",
	'◇': "d", '▽': "u", '☆': "s", '✛': "t", '◎': "c", '✧': "z", '◐': "◘b",
	'×': "x", '−': "-", '–': "-", '—': "-", '±': "~", '÷': "/", '√': "v", '∞': "8", '≤': "<", '≥': ">", '≈': "~",
	'ρ': "p", 'ε': "e", 'ν': "v", 'γ': "g", 'β': "ßb", 'δ': "d", 'σ': "s", 'Δ': "D", '‖': "║|", '°': "o", '²': "2", '³': "3", '¹': "1",
	'›': "►>", '‹': "◄<", '←': "<", '→': ">", '↑': "^", '↓': "v", '↕': "I",
	'╭': "┌+", '╮': "┐+", '╰': "└+", '╯': "┘+", '━': "═=", '─': "-", '│': "|", '┌': "+", '┐': "+", '└': "+", '┘': "+", '═': "=", '║': "|",
	'├': "+", '┤': "+", '┬': "+", '┴': "+", '┼': "+",
	'▏': " ", '▎': "▌ ", '▍': "▌|", '▌': "|", '▋': "▌|", '▊': "█#", '▉': "█#", '█': "#", '▀': "\"", '▄': "_", '▐': "|",
	'░': ".", '▒': ":", '▓': "%",
}

// has reports whether the terminal's font has a character.
func (c *Canvas) has(r rune) bool { return c.Has == nil || r < 0x7f || c.Has(r) }

// spell replaces the characters that the terminal's font lacks; others of the same width that are not
// in the table become "?".
func (c *Canvas) spell(s string) string {
	if c.Has == nil {
		return s
	}
	return strings.Map(func(r rune) rune {
		if c.has(r) || r == '\u00a0' {
			return r
		}
		for _, other := range substitutes[r] {
			if c.has(other) {
				return other
			}
		}
		if ansi.StringWidth(string(r)) != 1 {
			return r
		}
		return '?'
	}, s)
}
