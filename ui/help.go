package ui

import (
	"hfcui/ui/kit"
)

// newHelp returns the help, from the tables that dispatch keys.
func newHelp(a *App) *kit.Reader {
	p := a.pages[a.page]
	var lines []kit.HelpLine
	if own := kit.HelpLines(p.Keys().Entries()); len(own) > 0 {
		lines = append(append(lines, kit.HelpLine{Keys: "", Text: kit.Title(p.name)}), own...)
		lines = append(lines, kit.HelpLine{})
	}
	lines = append(lines, kit.HelpLine{Keys: "", Text: "Everywhere"})
	lines = append(lines, kit.HelpLines(append(a.entries(), lastKeys.Entries(a)...))...)
	lines = append(lines,
		kit.HelpLine{Keys: "mouse", Text: "slider, chart: click, drag, wheel; pictures: wheel"},
		kit.HelpLine{Keys: "", Text: ""}, kit.HelpLine{Keys: "", Text: "Marks"},
		kit.HelpLine{Keys: kit.MarkWhole, Text: "whole image"}, kit.HelpLine{Keys: kit.MarkLow, Text: "low-pass image: coefficients at a radius below r"},
		kit.HelpLine{Keys: kit.MarkHigh, Text: "high-pass image: all other coefficients"},
		kit.HelpLine{Keys: kit.MarkRight + " " + kit.MarkWrong, Text: "prediction correct, wrong"},
		kit.HelpLine{Keys: kit.MarkDoubt, Text: "failed sanity check of a robust accuracy; see the Attack page"},
		kit.HelpLine{Keys: "flip", Text: "flip: correct on the whole and the high-pass image, wrong on the low-pass image"},
	)
	return kit.NewReader(a, "Help", lines)
}
