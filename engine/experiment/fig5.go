package experiment

import "hfcui/engine/train"

// fig5: the effect of dropout, mixup, batch norm and adversarial training on the use of high
// frequencies (section 5, Fig. 5).
func fig5(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	base, bandImages, withNorm := paperBase(), 0, "preact-resnet32"
	if size == Quick {
		base, bandImages, withNorm = quickBase(10_000, 8), 2000, "resnet8"
		p.Test = 5000
	}
	base.Bands = ended(parts("test", bandImages, "running"))
	p.After = []Measurement{bandsOf(parts("test", bandImages, "batch"))}

	p.add("vanilla", base, nil)
	p.add("dropout", base, func(c *train.Config) { c.Dropout = 0.5 })
	p.add("mixup", base, func(c *train.Config) { c.Mixup = 0.5 })
	p.add("batch norm", base, func(c *train.Config) { c.Net, c.FixedNorms = withNorm, true })
	p.add("adversarial", base, func(c *train.Config) { c.Adversarial = train.PGD(8. / 255) })

	p.Notes = []string{
		"All settings are trained on whole images, without augmentation. (In the paper's code the panels are not comparable: natural images are divided by their maximum, adversarial training crops and flips.) Dropout is before the fully connected layer, p = 0.5; mixup draws from Beta(0.5, 0.5); batch norm has γ = 1 and β = 0; adversarial training is PGD with ε = 8/255, 10 steps of ε/10 without random start.",
		"Low- and high-pass images are of the test split, divided by their own maximum. Nets without batch norm have the same values with running and with batch statistics.",
		"The criterion on batch norm uses batch statistics, as the paper's code does.",
	}
	columns := func(statistics string, of func(Quantity) Quantity) []Column {
		list := append([]Column{{Title: "whole", Of: of(whole)}}, partColumns(of)...)
		for i := range list {
			list[i].Paper = map[string]string{}
			for setting, values := range poster5 {
				if setting != "batch norm" || statistics == "batch" { // as in the paper's code
					list[i].Paper[setting] = values[i] + " [P]"
				}
			}
		}
		return list
	}
	batch := func(q Quantity) Quantity { return after(0, q) }
	p.Tables = []Table{
		{Title: "All test images", Columns: []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}},
		{Title: "Whole, low- and high-pass test images, running statistics", Columns: columns("running", same)},
		{Title: "Whole, low- and high-pass test images, batch statistics of 100 images", Columns: columns("batch", batch)},
	}
	p.Figures = []Figure{
		{File: "fig5-running", Title: "Heuristics, running statistics", Y: "accuracy on test images", Columns: columns("running", same)},
		{File: "fig5-batch", Title: "Heuristics, batch statistics", Y: "accuracy on test images", Columns: columns("batch", batch)},
	}
	p.Criteria = []Criterion{
		{"Dropout changes test accuracy by at most .03", []Part{{"|dropout − vanilla| ≤ .03", difference(test, "dropout", "vanilla"), within(.03)}}},
		{"H4 of mixup exceeds vanilla's by at least .10", []Part{{"H4, mixup − vanilla ≥ .10", difference(high(4), "mixup", "vanilla"), atLeast(.10)}}},
		{"H4 of batch norm exceeds vanilla's by at least .20, with batch statistics", []Part{
			{"H4, batch norm − vanilla ≥ .20", difference(batch(high(4)), "batch norm", "vanilla"), atLeast(.20)}}},
		{"Adversarial training lowers test accuracy by at least .08", []Part{
			{"vanilla − adversarial ≥ .08", difference(test, "vanilla", "adversarial"), atLeast(.08)}}},
		{"Whole and L8 differ by at most .05 with adversarial training and by at least .15 for vanilla", []Part{
			{"|whole − L8| of adversarial ≤ .05", contrast("adversarial", whole, low(8)), within(.05)},
			{"whole − L8 of vanilla ≥ .15", contrast("vanilla", whole, low(8)), atLeast(.15)}}},
		{"L4 of adversarial training exceeds vanilla's by at least .15", []Part{
			{"L4, adversarial − vanilla ≥ .15", difference(low(4), "adversarial", "vanilla"), atLeast(.15)}}},
	}
	return p
}

// poster5 has the readings of the poster's panels: whole, L16 to L4, H4 to H16.
var poster5 = map[string][]string{
	"vanilla":     {".84", ".83", ".80", ".55", ".23", ".10", ".10", ".15", ".13"},
	"dropout":     {".83", ".82", ".79", ".50", ".22", ".20", ".20", ".20", ".14"},
	"mixup":       {".84", ".83", ".80", ".57", ".25", ".47", ".34", ".15", ".13"},
	"batch norm":  {".84", ".84", ".81", ".69", ".38", ".65", ".54", ".39", ".19"},
	"adversarial": {".69", ".69", ".69", ".68", ".54", ".18", ".10", ".10", ".10"},
}
