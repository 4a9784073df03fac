package term

// consoleFont is what the Linux console's own font has besides ASCII: code page 437.
const consoleFont = "☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»" +
	"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■"

// glyphs is the set of characters that a terminal's font has.
type glyphs map[rune]bool

// glyphsOf are those of a Linux console: of the font that is loaded, or of its own if that cannot be
// found out, since the console is elsewhere.
func glyphsOf(loaded []uint16) glyphs {
	g := glyphs{}
	for _, r := range loaded {
		g[rune(r)] = true
	}
	if len(loaded) == 0 {
		for _, r := range consoleFont {
			g[r] = true
		}
	}
	return g
}
