package ui

import (
	"hfcui/ui/kit"
)

// newHelp lists what can be pressed, from the tables that dispatch it.
func newHelp(a *App) *kit.Reader {
	p := a.pages[a.page]
	var lines []kit.HelpLine
	if own := kit.HelpLines(p.Entries()); len(own) > 0 {
		lines = append(append(lines, kit.HelpLine{Keys: "", Text: kit.Title(p.name)}), own...)
		lines = append(lines, kit.HelpLine{})
	}
	lines = append(lines, kit.HelpLine{Keys: "", Text: "Everywhere"})
	lines = append(lines, kit.HelpLines(append(a.entries(), lastKeys.Entries(a)...))...)
	lines = append(lines,
		kit.HelpLine{Keys: "mouse", Text: "slider, chart: click, drag, wheel; pictures: wheel"},
		kit.HelpLine{Keys: "", Text: ""}, kit.HelpLine{Keys: "", Text: "Marks"},
		kit.HelpLine{Keys: kit.MarkWhole, Text: "whole image"}, kit.HelpLine{Keys: kit.MarkLow, Text: "low part: coefficients nearer to the zero frequency than r"},
		kit.HelpLine{Keys: kit.MarkHigh, Text: "high part: all others"},
		kit.HelpLine{Keys: kit.MarkRight + " " + kit.MarkWrong, Text: "the model's answer is, is not the label"},
		kit.HelpLine{Keys: kit.MarkDoubt, Text: "an accuracy under attack that fails a check of its sanity; page Attack says why"},
		kit.HelpLine{Keys: "flip", Text: "whole and high part right, low part wrong"},
	)
	return kit.NewReader(a, "Help", lines)
}
