package ui

import (
	"slices"

	"hfcui/ui/kit"
)

// newHelp returns the help: the caveats in full, what the page shows, the keys from the tables that dispatch them, and
// the words.
func newHelp(a *App) *kit.Reader {
	p := a.pages[a.page]
	var lines []kit.HelpLine
	if list := a.Notices(); len(list) > 0 {
		lines = append(lines, kit.HelpLine{Text: "Notice", Head: true})
		for _, text := range list {
			lines = append(lines, kit.HelpLine{Text: kit.Clean(text)})
		}
		lines = append(lines, kit.HelpLine{})
	}
	lines = append(lines, kit.HelpLine{Text: kit.Title(p.name) + ": what am I seeing?", Head: true}, kit.HelpLine{Text: p.about}, kit.HelpLine{})
	list := a.bound()
	for _, group := range kit.Groups {
		keys := kit.HelpLines(slices.DeleteFunc(slices.Clone(list), func(e kit.Entry) bool {
			return e.Group() != group || !e.Possible && !a.Modeled() // there will be no model
		}))
		if len(keys) > 0 {
			lines = append(append(lines, kit.HelpLine{Text: group, Head: true}), append(keys, kit.HelpLine{})...)
		}
	}
	lines = append(append(lines, mouseHelp...), kit.HelpLine{})
	d := kit.NewReader(a, "Help", append(lines, words...))
	d.Filtered = true
	return d
}

var mouseHelp = []kit.HelpLine{
	{Text: "Mouse", Head: true},
	{Keys: "click", Text: "page names, hints on the last line, sliders, charts, rows"},
	{Keys: "drag", Text: "sliders and cursors; with shift in tenths"},
	{Keys: "wheel", Text: "sliders; over pictures and lists: next, previous"},
}

// words defines the program's terms, once.
var words = []kit.HelpLine{
	{Text: "Words", Head: true},
	{Keys: "r", Text: "cutoff radius in cycles per image: frequencies at a radius below r are low, all others high"},
	{Keys: kit.MarkWhole + " whole", Text: "the image as it is"},
	{Keys: kit.MarkLow + " low", Text: "low-pass image: the frequencies below r. L8 is accuracy on low-pass images at r = 8"},
	{Keys: kit.MarkHigh + " high", Text: "high-pass image: whole minus low. H8 is accuracy on high-pass images at r = 8"},
	{Keys: kit.MarkRight + " " + kit.MarkWrong, Text: "prediction correct, misclassified"},
	{Keys: "flip", Text: "an image that is correct on the whole and the high-pass image and misclassified on the low-pass image: the model relies on frequencies that people hardly see"},
	{Keys: kit.MarkChanged + " changes", Text: "f(x) ≠ f(x_l): the prediction on the low-pass image differs from that on the whole image, correct or not"},
	{Keys: "energy", Text: "fraction of an image's squared Fourier coefficients in a band"},
	{Keys: "95 % CI", Text: "Wilson confidence interval of an accuracy on n evaluation images"},
	{Keys: "SVD", Text: "low rank instead of low-pass: each channel from its largest singular values only, at the rank whose energy matches r"},
	{Keys: "band norm.", Text: "band images as they are (none), divided by their maximum (max), or standardized to mean 0 and standard deviation 1 (std)"},
	{Keys: "bn", Text: "batch norm with running statistics, as at inference, or with those of the evaluated batch"},
	{Keys: "smoothing, ρ", Text: "kernel smoothing: to each weight, ρ times its eight neighbors are added; hollow markers: without smoothing"},
	{Keys: "gain", Text: "smoothing multiplies a constant kernel by 1+8ρ; gain-normalized kernels are divided by that"},
	{Keys: "roughness", Text: "kernel roughness: energy of the differences of adjacent weights over energy of the weights; 0 for a constant kernel"},
	{Keys: "ε, δ", Text: "perturbation budget: the largest norm (L∞ or L2, pixels in [0,1]) of the perturbation δ that an attack adds"},
	{Keys: "robust accuracy", Text: "accuracy under the attack; without one it is clean accuracy. Every attack gives only an upper bound"},
	{Keys: "PGD, FGSM", Text: "projected gradient descent, in steps; fast gradient sign method, one step"},
	{Keys: "Square", Text: "gradient-free attack by random queries; if it beats PGD, suspect gradient masking"},
	{Keys: "gradient masking", Text: "gradients that are useless to an attack, so that a model looks robust and is not"},
	{Keys: kit.MarkDoubt, Text: "a robust accuracy that failed a sanity check; the Attack page says which"},
	{Keys: "ν", Text: "norm (L2) of the Fourier basis vector that the heat map adds to every image"},
}
