package attack

import (
	"fmt"

	"gonum.org/v1/gonum/stat/distuv"

	"hfcui/engine/measure"
)

// Rule is a check of an attack's figures (Carlini et al. 2019, On Evaluating Adversarial
// Robustness; Athalye et al. 2018, Obfuscated Gradients Give a False Sense of Security).
type Rule string

// The rules. Figures are compared on the same images. What must be so of an attack that finds
// all there is to find, a single image may break: the text says whether chance may explain it
// (a one-sided sign test at 1 % of the images that are right under one figure alone). The rules
// that suspect the gradient want more than chance explains.
const (
	// ZeroGradient: images are right whose gradient was zero at some step, so that there was
	// nowhere to go from there.
	ZeroGradient Rule = "zero-gradient"
	// ZeroEpsilon: at ε = 0 an image is not answered as it is without an attack.
	ZeroEpsilon Rule = "epsilon-0"
	// RisesWithEpsilon: more images are right than at a smaller ε, or without an attack.
	RisesWithEpsilon Rule = "rises-with-epsilon"
	// FlatInEpsilon: at an ε a third smaller or more the figure was below that without an
	// attack, and of 20 images or more that were right there as many are now. Of iterated
	// methods only.
	FlatInEpsilon Rule = "flat-in-epsilon"
	// AboveFGSM: more images are right than under FGSM, which makes one step. Of iterated
	// methods only, as the next two.
	AboveFGSM Rule = "above-fgsm"
	// AboveTransfer: the figure is above that of the same images made for the model with
	// another ρ.
	AboveTransfer Rule = "above-transfer"
	// AboveSquare: the figure is above Square's, which knows no gradient.
	AboveSquare Rule = "above-square"
)

// Mark is a rule that a figure breaks.
type Mark struct {
	Rule Rule
	Text string // what is the matter, in words
}

const (
	signLevel = 0.01 // of the sign test
	flatRight = 20   // right images that FlatInEpsilon wants
	flatRatio = 1.5  // how many times as large an ε it wants
)

// hint is what the rules about gradients that mislead come to.
const hint = "possible gradient masking"

// mark holds every cell against the others.
func mark(cells []Cell, outcomes [][]outcome, clean map[float64][]outcome) {
	for i := range cells {
		c := &cells[i]
		if c.N == 0 || c.MadeFor != nil {
			continue
		}
		k := checked{c, outcomes[i], cells, outcomes}
		k.zeroGradients()
		k.againstClean(clean[c.Rho])
		k.againstSmaller()
		if iterated(c.Method) {
			k.flat(clean[c.Rho])
			k.againstTransfer()
			k.againstFGSM()
			k.againstSquare()
		}
	}
}

// iterated reports whether a method should find what FGSM and gradient-free attacks find.
func iterated(method string) bool { return method == Worst || Lookup(method).Iterated }

// checked is a cell that is being checked, among all.
type checked struct {
	*Cell
	own      []outcome
	cells    []Cell
	outcomes [][]outcome
}

func (k checked) add(r Rule, format string, args ...any) {
	k.Marks = append(k.Marks, Mark{r, fmt.Sprintf(format, args...)})
}

func (k checked) zeroGradients() {
	right := 0
	for _, o := range k.own {
		if o.zeroGradient && o.right {
			right++
		}
	}
	if right > 0 {
		k.add(ZeroGradient, "%s: %d of %d images are right and had a zero gradient, with nowhere to go", hint, right, len(k.own))
	}
}

func (k checked) againstClean(clean []outcome) {
	n := min(len(clean), len(k.own))
	if k.Epsilon == 0 {
		differ := 0
		for i := range n {
			if k.own[i].right != clean[i].right {
				differ++
			}
		}
		if differ > 0 {
			k.add(ZeroEpsilon, "at epsilon 0 %d of %d images are not answered as without an attack", differ, n)
		}
		return
	}
	if more, fewer := discordant(k.own, clean); more > fewer {
		k.add(RisesWithEpsilon, "more images are right than without an attack: %s", twoScores(k.own, clean))
	}
}

// againstSmaller compares with the lowest figure at a smaller ε.
func (k checked) againstSmaller() {
	lowest := -1
	for i, c := range k.cells {
		if k.sibling(c, k.Method) && c.Epsilon > 0 && c.Epsilon < k.Epsilon && (lowest < 0 || c.Accuracy() < k.cells[lowest].Accuracy()) {
			lowest = i
		}
	}
	if lowest < 0 {
		return
	}
	if more, fewer := discordant(k.own, k.outcomes[lowest]); more > fewer {
		k.add(RisesWithEpsilon, "more images are right than at the smaller epsilon %.4g: %s", k.cells[lowest].Epsilon, twoScores(k.own, k.outcomes[lowest]))
	}
}

// flat compares with the next ε that is enough smaller.
func (k checked) flat(clean []outcome) {
	next := -1
	for i, c := range k.cells {
		if k.sibling(c, k.Method) && c.Epsilon > 0 && c.Epsilon*flatRatio <= k.Epsilon && (next < 0 || c.Epsilon > k.cells[next].Epsilon) {
			next = i
		}
	}
	if next < 0 {
		return
	}
	n := min(len(k.own), len(k.outcomes[next]))
	here, there := rights(k.own[:n]), rights(k.outcomes[next][:n])
	if there >= flatRight && here >= there && above(clean[:min(n, len(clean))], k.outcomes[next]) {
		k.add(FlatInEpsilon, "%s: as many images are right as at the smaller epsilon %.4g: %s", hint, k.cells[next].Epsilon, twoScores(k.own, k.outcomes[next]))
	}
}

// againstFGSM and againstSquare compare with another method at the same ε and ρ.
func (k checked) againstFGSM() {
	other := k.other(FGSMMethod)
	if more, fewer := discordant(k.own, other); more > fewer {
		k.add(AboveFGSM, "fgsm, with one step, leaves fewer right: %s; more steps or another step size may help", twoScores(other, k.own))
	}
}

func (k checked) againstSquare() {
	if other := k.other(SquareMethod); above(k.own, other) {
		k.add(AboveSquare, hint+": square, without gradients, leaves fewer right: %s", twoScores(other, k.own))
	}
}

// other is what is known of another method at the same ε and ρ.
func (k checked) other(method string) []outcome {
	for i, c := range k.cells {
		if k.sibling(c, method) && c.MadeFor == nil && c.Epsilon == k.Epsilon {
			return k.outcomes[i]
		}
	}
	return nil
}

// againstTransfer compares with images made for other ρ.
func (k checked) againstTransfer() {
	for i, c := range k.cells {
		if c.MadeFor == nil || c.Method != k.Method || c.Rho != k.Rho || c.Epsilon != k.Epsilon || !above(k.own, k.outcomes[i]) {
			continue
		}
		k.add(AboveTransfer, "%s: images made for rho %v leave fewer right: %s", hint, *c.MadeFor, twoScores(k.outcomes[i], k.own))
		return
	}
}

// sibling tells whether c is of a method at the checked cell's ρ, with figures.
func (k checked) sibling(c Cell, method string) bool {
	return c.Method == method && c.Rho == k.Rho && c.N > 0 && (c.Check == k.Check || method != k.Method)
}

// discordant counts the images, among those that both know, that are right under a alone and
// under b alone.
func discordant(a, b []outcome) (more, fewer int) {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i].right && !b[i].right:
			more++
		case b[i].right && !a[i].right:
			fewer++
		}
	}
	return more, fewer
}

// above tells whether more images are right under a than under b by more than chance explains.
func above(a, b []outcome) bool {
	more, fewer := discordant(a, b)
	if more <= fewer {
		return false
	}
	coin := distuv.Binomial{N: float64(more + fewer), P: 0.5}
	return 1-coin.CDF(float64(more-1)) < signLevel
}

func rights(o []outcome) int { return score(o).Correct }

// score counts.
func score(o []outcome) measure.Score {
	s := measure.Score{N: len(o)}
	for _, v := range o {
		if v.right {
			s.Correct++
		}
	}
	return s
}

// twoScores writes "31 against 28 of 1000", of the images that both know.
func twoScores(a, b []outcome) string {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	text := fmt.Sprintf("%d against %d of %d", rights(a), rights(b), n)
	if !above(a, b) && !above(b, a) {
		text += ", which chance may explain"
	}
	return text
}
