package experiment

import (
	"fmt"

	"hfcui/engine/attack"
	"hfcui/engine/train"
)

// The grid of Table 2.
var (
	attackRhos     = []float64{0, .1, .25, .5, 1}
	attackEpsilons = []float64{.03, .06, .09}
	attackMethods  = []string{attack.FGSMMethod, attack.PGDMethod}
)

// Indices in table2's After.
const (
	smoothedAt = iota // kernels smoothed as the paper does
	dividedAt         // gain-normalized
	squareAt          // compared with Square
	partsAt           // low- and high-pass images
)

// table2: smoothing the first layer's kernels makes a natural model more robust, and an
// adversarially trained one against strong attacks (section 6, Table 2).
func table2(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	p.naturalAndAdversarial(size)
	withZero := append([]float64{0}, attackEpsilons...)
	smoothed := Attacks{Methods: attackMethods, Epsilons: withZero, Rhos: attackRhos, Steps: 40, Limit: 2000}
	bands := parts("test", 0, "running")
	if size == Quick {
		smoothed.Steps, smoothed.Limit, bands.Limit = 10, 1000, 2000
	}
	divided, square := smoothed, smoothed
	divided.Rhos, divided.DivideGain = attackRhos[1:], true
	square.Rhos, square.Epsilons, square.Limit, square.Square = []float64{0, 1}, attackEpsilons, 100, 100
	p.After = []Measurement{{Attacks: &smoothed}, {Attacks: &divided}, {Attacks: &square}, bandsOf(bands)}

	p.Notes = append(p.Notes,
		fmt.Sprintf("Attacks are on the first %d test images, in L∞, with pixels in [0,1], without random start, with gradients of the smoothed model: FGSM, and PGD of %d steps of 2.5·ε/%d. (The paper's code instead searched for the smallest ε.)", smoothed.Limit, smoothed.Steps, smoothed.Steps),
		"The paper smooths the first layer's kernels and does not divide by the gain 1+8ρ: besides smoothing, this increases every kernel's sum. The second arm is gain-normalized.",
		"Square is gradient-free: where accuracy under it is lower than under PGD, that under PGD may be too high (suspected gradient masking). It has 500 queries per image, on the first 100 images, at ρ = 0 and 1.",
		"An accuracy that fails a sanity check is marked †: even one more correct image than at a smaller ε, than clean, or, for PGD, than under FGSM.",
		"The paper's Table 2 has not been checked, so its values are not shown.")
	p.Tables = []Table{
		{Title: "Kernels smoothed as in the paper: clean and robust accuracy", Rows: attackRows(smoothedAt, attackRhos)},
		{Title: "Gain-normalized: clean and robust accuracy", Rows: attackRows(dividedAt, attackRhos[1:])},
		{Title: "PGD vs Square, on 100 images", Rows: squareRows(square.Rhos)},
		{Title: "Whole, low- and high-pass test images", Columns: append([]Column{{Title: "train", Of: training}, {Title: "test", Of: test}, {Title: "whole", Of: after(partsAt, whole)}}, partColumns(func(q Quantity) Quantity { return after(partsAt, q) })...)},
	}
	for _, method := range attackMethods {
		f := Figure{File: "table2-" + method, Title: "Smoothed kernels under " + named(method), X: "kernel smoothing ρ", Y: "accuracy"}
		for _, setting := range []string{"natural", "adversarial"} {
			f.Curves = append(f.Curves, Curve{Title: setting + ", clean", Setting: setting, Against: attackRhos, At: func(rho float64) Quantity { return clean(smoothedAt, rho) }})
			for _, epsilon := range attackEpsilons {
				f.Curves = append(f.Curves, Curve{Title: fmt.Sprintf("%s, ε = %s", setting, number(epsilon)), Setting: setting, Against: attackRhos,
					At: func(rho float64) Quantity { return under(smoothedAt, method, epsilon, rho) }})
			}
		}
		p.Figures = append(p.Figures, f)
	}
	p.Criteria = append(table2Criteria(), adversarialCriteria()...)
	return p
}

// naturalAndAdversarial adds the settings that section 6 compares.
func (p *Plan) naturalAndAdversarial(size Size) {
	base, against := paperBase(), train.PGD(8./255)
	if size == Quick {
		base, p.Test = quickBase(20_000, 12), 5000
		base.LearningRate = 2e-3
		against.Steps, against.StepSize, against.RandomStart = 4, 8./255/3, true
	}
	p.add("natural", base, nil)
	p.add("adversarial", base, func(c *train.Config) { c.Adversarial = against })
	start := "without random start"
	if against.RandomStart {
		start = "with random start"
	}
	p.Notes = []string{fmt.Sprintf("Both settings are trained on whole images, without augmentation; adversarial training is PGD with ε = 8/255, %d steps of %.2g·ε %s, on adversarial examples only.",
		against.Steps, against.StepSize/against.Epsilon, start)}
}

// attackRows returns a row for every setting and ρ.
func attackRows(at int, rhos []float64) []Row {
	var rows []Row
	for _, setting := range []string{"natural", "adversarial"} {
		for _, rho := range rhos {
			row := Row{Title: setting + ", ρ = " + number(rho), Setting: setting, Columns: []Column{{Title: "clean", Of: clean(at, rho)}}}
			for _, method := range attackMethods {
				for _, epsilon := range attackEpsilons {
					row.Columns = append(row.Columns, attackColumn(at, method, epsilon, rho))
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func attackColumn(at int, method string, epsilon, rho float64) Column {
	return Column{Title: named(method) + " " + number(epsilon), Of: under(at, method, epsilon, rho), Marks: marked(at, method, epsilon, rho)}
}

// squareRows returns rows of PGD and Square on the same images.
func squareRows(rhos []float64) []Row {
	var rows []Row
	for _, setting := range []string{"natural", "adversarial"} {
		for _, rho := range rhos {
			row := Row{Title: setting + ", ρ = " + number(rho), Setting: setting}
			for _, epsilon := range attackEpsilons {
				row.Columns = append(row.Columns, attackColumn(squareAt, attack.PGDMethod, epsilon, rho), attackColumn(squareAt, attack.SquareMethod, epsilon, rho))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// table2Criteria are the claims on smoothing.
func table2Criteria() []Criterion {
	const fgsm, pgd = attack.FGSMMethod, attack.PGDMethod
	var falls, naturalRises, dividedRises, consistent []Part
	for _, setting := range []string{"natural", "adversarial"} {
		for i, rho := range attackRhos[1:] {
			before := attackRhos[i]
			falls = append(falls, Part{fmt.Sprintf("%s, ρ = %s − ρ = %s > 0", setting, number(before), number(rho)), contrast(setting, clean(smoothedAt, before), clean(smoothedAt, rho)), above(0)})
		}
		for arm, at := range []int{smoothedAt, dividedAt} {
			of := setting + []string{"", ", gain-normalized"}[arm]
			for _, c := range []struct {
				text  string
				wrong func(AttackResults, AttackResult) bool
			}{
				{"accuracies above that at a smaller ε or clean", rises},
				{"accuracies under PGD above FGSM's", aboveFGSM},
				{"accuracies at ε = 0 other than clean", unclean},
			} {
				consistent = append(consistent, Part{of + ": " + c.text + " = 0", ofSetting(setting, breaches(at, c.wrong)), within(0)})
			}
		}
	}
	for _, method := range attackMethods {
		for _, epsilon := range attackEpsilons {
			text := fmt.Sprintf("%s %s, ρ = 1 − ρ = 0 > 0", named(method), number(epsilon))
			plain := under(smoothedAt, method, epsilon, 0)
			naturalRises = append(naturalRises, Part{text, contrast("natural", under(smoothedAt, method, epsilon, 1), plain), above(0)})
			dividedRises = append(dividedRises, Part{text, contrast("natural", under(dividedAt, method, epsilon, 1), plain), above(0)})
		}
	}
	var strong []Part
	for _, method := range attackMethods {
		strong = append(strong,
			Part{named(method) + " .03, ρ = 0 − ρ = 1 > 0", contrast("adversarial", under(smoothedAt, method, .03, 0), under(smoothedAt, method, .03, 1)), above(0)},
			Part{named(method) + " .09, ρ = 1 − ρ = 0 > 0", contrast("adversarial", under(smoothedAt, method, .09, 1), under(smoothedAt, method, .09, 0)), above(0)})
	}
	return []Criterion{
		{"Clean accuracy falls with ρ [T]", falls},
		{"The natural model's robust accuracy rises with ρ [T] (here: from ρ = 0 to 1)", naturalRises},
		{"The same, gain-normalized (ours)", dividedRises},
		{"The adversarial model's accuracy falls with smoothing at ε = .03 and rises at .09 [T] (here: from ρ = 0 to 1)", strong},
		{"At ε = .09 under PGD the natural model with ρ = 1 exceeds the adversarial one without smoothing [T]", []Part{
			{"natural, ρ = 1 − adversarial, ρ = 0 > 0", func(s BySeed) float64 {
				return under(smoothedAt, pgd, .09, 1)(s("natural")) - under(smoothedAt, pgd, .09, 0)(s("adversarial"))
			}, above(0)}}},
		{"Accuracy never rises with ε, PGD ≤ FGSM, and ε = 0 equals clean", consistent},
		{"Adversarial training increases robust accuracy at the ε it was trained for", []Part{
			{"FGSM .03, adversarial − natural > 0", difference(under(smoothedAt, fgsm, .03, 0), "adversarial", "natural"), above(0)},
			{"PGD .03, adversarial − natural > 0", difference(under(smoothedAt, pgd, .03, 0), "adversarial", "natural"), above(0)}}},
	}
}

// ofSetting is a quantity of one setting.
func ofSetting(setting string, q Quantity) func(BySeed) float64 {
	return func(s BySeed) float64 { return q(s(setting)) }
}

// adversarialCriteria are the claims on adversarial training and bands (section 5).
func adversarialCriteria() []Criterion {
	of := func(q Quantity) Quantity { return after(partsAt, q) }
	return []Criterion{
		{"Adversarial training lowers test accuracy by at least .08", []Part{
			{"natural − adversarial ≥ .08", difference(test, "natural", "adversarial"), atLeast(.08)}}},
		{"Whole and L8 differ by at most .05 with adversarial training and by at least .15 with natural", []Part{
			{"|whole − L8| of adversarial ≤ .05", contrast("adversarial", of(whole), of(low(8))), within(.05)},
			{"whole − L8 of natural ≥ .15", contrast("natural", of(whole), of(low(8))), atLeast(.15)}}},
		{"L4 of adversarial training exceeds natural's by at least .15", []Part{
			{"L4, adversarial − natural ≥ .15", difference(of(low(4)), "adversarial", "natural"), atLeast(.15)}}},
	}
}
