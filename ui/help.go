package ui

// newHelp lists what can be pressed, from the tables that dispatch it.
func newHelp(a *App) *reader {
	p := a.pages[a.page]
	var lines []helpLine
	if own := helpLines(p.entries()); len(own) > 0 {
		lines = append(append(lines, helpLine{keys: "", text: title(p.name)}), own...)
		lines = append(lines, helpLine{})
	}
	lines = append(lines, helpLine{keys: "", text: "Everywhere"})
	lines = append(lines, helpLines(append(a.entries(), lastKeys.entries(a)...))...)
	lines = append(lines,
		helpLine{keys: "mouse", text: "slider, chart: click, drag, wheel; pictures: wheel"},
		helpLine{keys: "", text: ""}, helpLine{keys: "", text: "Marks"},
		helpLine{keys: markWhole, text: "whole image"}, helpLine{keys: markLow, text: "low part: coefficients nearer to the zero frequency than r"},
		helpLine{keys: markHigh, text: "high part: all others"},
		helpLine{keys: markRight + " " + markWrong, text: "the model's answer is, is not the label"},
		helpLine{keys: markDoubt, text: "an accuracy under attack that fails a check of its sanity; page Attack says why"},
		helpLine{keys: "flip", text: "whole and high part right, low part wrong"},
	)
	return newReader(a, "Help", lines)
}
