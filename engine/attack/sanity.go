package attack

import (
	"fmt"

	"gonum.org/v1/gonum/stat/distuv"

	"hfcui/engine/measure"
)

// Rule is a sanity check of robust accuracies (Carlini et al. 2019, On Evaluating Adversarial
// Robustness; Athalye et al. 2018, Obfuscated Gradients Give a False Sense of Security).
type Rule string

// The rules. Accuracies are compared on the same images. One image is enough to fail a check
// that a perfect attack would always pass: the text says whether chance may explain it (a
// one-sided sign test at 1 % on the images that are correct under one attack alone). The rules
// that suspect gradient masking require significance.
const (
	// ZeroGradient: images whose gradient was zero at some step are correct: the attack could
	// not continue from there.
	ZeroGradient Rule = "zero-gradient"
	// ZeroEpsilon: at ε = 0 an image is not classified as the clean one.
	ZeroEpsilon Rule = "epsilon-0"
	// RisesWithEpsilon: more images are correct than at a smaller ε, or than clean ones.
	RisesWithEpsilon Rule = "rises-with-epsilon"
	// FlatInEpsilon: at an ε smaller by a third or more accuracy was below clean accuracy, 20
	// images or more were correct, and as many are now. For iterated methods only.
	FlatInEpsilon Rule = "flat-in-epsilon"
	// AboveFGSM: more images are correct than under FGSM, which takes one step. For iterated
	// methods only, as are the next two.
	AboveFGSM Rule = "above-fgsm"
	// AboveTransfer: accuracy is above that on adversarial examples transferred from the model
	// with another ρ.
	AboveTransfer Rule = "above-transfer"
	// AboveSquare: accuracy is above that under Square, which is gradient-free.
	AboveSquare Rule = "above-square"
)

// Mark is a failed sanity check.
type Mark struct {
	Rule   Rule
	Text   string // what failed, in words
	Chance bool   // chance may explain it: by the sign test
}

// Doubt is how far the failed sanity checks of a cell cast doubt on its accuracy.
type Doubt int

const (
	NoDoubt     Doubt = iota
	ChanceDoubt       // all of them may be by chance
	RealDoubt
)

// Doubt returns that of a cell.
func (c Cell) Doubt() Doubt {
	worst := NoDoubt
	for _, m := range c.Marks {
		if !m.Chance {
			return RealDoubt
		}
		worst = ChanceDoubt
	}
	return worst
}

const (
	signLevel   = 0.01 // of the sign test
	flatCorrect = 20   // correct images that FlatInEpsilon needs
	flatRatio   = 1.5  // ratio of two ε that it needs
)

// hint starts the texts of the rules about gradient masking.
const hint = "suspected gradient masking"

// mark checks every cell against the others.
func mark(cells []Cell, outcomes [][]outcome, clean map[float64][]outcome) {
	for i := range cells {
		c := &cells[i]
		if c.N == 0 || c.TransferFrom != nil {
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
	k.Marks = append(k.Marks, Mark{Rule: r, Text: fmt.Sprintf(format, args...)})
}

// byChance marks the last failed check as one that chance may explain, unless accuracy in a is
// significantly above that in b.
func (k checked) byChance(a, b []outcome) { k.Marks[len(k.Marks)-1].Chance = !above(a, b) }

func (k checked) zeroGradients() {
	correct := 0
	for _, o := range k.own {
		if o.zeroGradient && o.correct {
			correct++
		}
	}
	if correct > 0 {
		k.add(ZeroGradient, "%s: %d of %d images are correct with a zero gradient", hint, correct, len(k.own))
	}
}

func (k checked) againstClean(clean []outcome) {
	n := min(len(clean), len(k.own))
	if k.Epsilon == 0 {
		differ := 0
		for i := range n {
			if k.own[i].correct != clean[i].correct {
				differ++
			}
		}
		if differ > 0 {
			k.add(ZeroEpsilon, "at epsilon 0 %d of %d predictions differ from those on clean images", differ, n)
		}
		return
	}
	if more, fewer := discordant(k.own, clean); more > fewer {
		k.add(RisesWithEpsilon, "accuracy is above clean accuracy: %s", twoScores(k.own, clean))
		k.byChance(k.own, clean)
	}
}

// againstSmaller compares with the lowest accuracy at a smaller ε.
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
		k.add(RisesWithEpsilon, "accuracy is above that at the smaller epsilon %.4g: %s", k.cells[lowest].Epsilon, twoScores(k.own, k.outcomes[lowest]))
		k.byChance(k.own, k.outcomes[lowest])
	}
}

// flat compares with the next ε that is sufficiently smaller.
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
	here, there := correctOf(k.own[:n]), correctOf(k.outcomes[next][:n])
	if there >= flatCorrect && here >= there && above(clean[:min(n, len(clean))], k.outcomes[next]) {
		k.add(FlatInEpsilon, "%s: accuracy is no lower than at the smaller epsilon %.4g: %s", hint, k.cells[next].Epsilon, twoScores(k.own, k.outcomes[next]))
	}
}

// againstFGSM and againstSquare compare with another method at the same ε and ρ.
func (k checked) againstFGSM() {
	other := k.other(FGSMMethod)
	if more, fewer := discordant(k.own, other); more > fewer {
		k.add(AboveFGSM, "accuracy under fgsm, which takes one step, is lower: %s; try more steps or another step size", twoScores(other, k.own))
		k.byChance(k.own, other)
	}
}

func (k checked) againstSquare() {
	if other := k.other(SquareMethod); above(k.own, other) {
		k.add(AboveSquare, hint+": accuracy under square, which is gradient-free, is lower: %s", twoScores(other, k.own))
	}
}

// other returns the outcomes of another method at the same ε and ρ.
func (k checked) other(method string) []outcome {
	for i, c := range k.cells {
		if k.sibling(c, method) && c.TransferFrom == nil && c.Epsilon == k.Epsilon {
			return k.outcomes[i]
		}
	}
	return nil
}

// againstTransfer compares with adversarial examples transferred from other ρ.
func (k checked) againstTransfer() {
	for i, c := range k.cells {
		if c.TransferFrom == nil || c.Method != k.Method || c.Rho != k.Rho || c.Epsilon != k.Epsilon || !above(k.own, k.outcomes[i]) {
			continue
		}
		k.add(AboveTransfer, "%s: accuracy on adversarial examples transferred from rho %v is lower: %s", hint, *c.TransferFrom, twoScores(k.outcomes[i], k.own))
		return
	}
}

// sibling reports whether c is a non-empty cell of method at the checked cell's ρ.
func (k checked) sibling(c Cell, method string) bool {
	return c.Method == method && c.Rho == k.Rho && c.N > 0 && (c.Check == k.Check || method != k.Method)
}

// discordant counts the images, among those in both, that are correct in a alone and in b
// alone.
func discordant(a, b []outcome) (more, fewer int) {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i].correct && !b[i].correct:
			more++
		case b[i].correct && !a[i].correct:
			fewer++
		}
	}
	return more, fewer
}

// above reports whether accuracy in a is significantly above that in b.
func above(a, b []outcome) bool {
	more, fewer := discordant(a, b)
	if more <= fewer {
		return false
	}
	coin := distuv.Binomial{N: float64(more + fewer), P: 0.5}
	return 1-coin.CDF(float64(more-1)) < signLevel
}

func correctOf(o []outcome) int { return score(o).Correct }

// score counts correct images.
func score(o []outcome) measure.Score {
	s := measure.Score{N: len(o)}
	for _, v := range o {
		if v.correct {
			s.Correct++
		}
	}
	return s
}

// twoScores writes "31 vs 28 of 1000", for the images in both.
func twoScores(a, b []outcome) string {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	text := fmt.Sprintf("%d vs %d of %d", correctOf(a), correctOf(b), n)
	if !above(a, b) && !above(b, a) {
		text += " (not significant)"
	}
	return text
}
