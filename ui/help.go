package ui

// newHelp lists what can be pressed, from the tables that dispatch it.
func newHelp(a *App) *reader {
	p := a.pages[a.page]
	var lines []helpLine
	if own := helpLines(p.entries()); len(own) > 0 {
		lines = append(append(lines, helpLine{"", title(p.name)}), own...)
		lines = append(lines, helpLine{})
	}
	lines = append(lines, helpLine{"", "Everywhere"})
	lines = append(lines, helpLines(append(a.entries(), lastKeys.entries(a)...))...)
	lines = append(lines,
		helpLine{"mouse", "slider, chart: click, drag, wheel; pictures: wheel"},
		helpLine{"", ""}, helpLine{"", "Marks"},
		helpLine{markWhole, "whole image"}, helpLine{markLow, "low part: coefficients nearer to the zero frequency than r"},
		helpLine{markHigh, "high part: all others"},
		helpLine{markRight + " " + markWrong, "the model's answer is, is not the label"},
		helpLine{markDoubt, "an accuracy under attack that fails a check of its sanity; page Attack says why"},
		helpLine{"flip", "whole and high part right, low part wrong"},
	)
	return newReader(a, "Help", lines)
}
