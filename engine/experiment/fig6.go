package experiment

import "hfcui/engine/train"

// fig6: for nets trained on low-pass images, the gain by batch norm is smallest at the smallest
// radius, r = 4 (section 5.3, Fig. 6).
func fig6(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	base, withNorm := paperBase(), "preact-resnet32"
	if size == Quick {
		base, withNorm, p.Test = quickBase(10_000, 8), "resnet8", 5000
	}
	base.Normalize, base.Input = "max", train.Low
	base.Bands = nil
	p.After = []Measurement{bandsOf(train.Bands{Radii: []float64{4}, Every: 1, Limit: p.Test, Split: "test", Normalize: "max", BN: "batch"})}
	for _, r := range paperRadii {
		p.add("without "+number(r), base, func(c *train.Config) { c.Radius = r })
		p.add("with "+number(r), base, func(c *train.Config) { c.Radius, c.Net, c.FixedNorms = r, withNorm, true })
	}

	p.Notes = []string{
		"Settings are without and with batch norm (γ = 1, β = 0), by the radius of the low-pass training images, which are divided by their own maximum. Whole test images are not.",
		"The paper's code measures with batch statistics; both are reported.",
	}
	batch := after(0, whole)
	columns := []Column{{Title: "train", Of: training}, {Title: "test, running statistics", Of: test}, {Title: "test, batch statistics", Of: batch}}
	p.Tables = []Table{{Title: "Trained on low-pass images", Columns: columns}}
	p.Figures = []Figure{{File: "fig6", Title: "Trained on low-pass images, tested on whole images", Y: "accuracy", Columns: columns}}
	for _, q := range []struct {
		name string
		of   Quantity
	}{{"running", test}, {"batch", batch}} {
		var smallest []Part
		for _, r := range paperRadii[1:] {
			smallest = append(smallest, Part{"gain at r = " + number(r) + " − at r = 4 > 0", func(s BySeed) float64 {
				return gain(q.of, r)(s) - gain(q.of, 4)(s)
			}, above(0)})
		}
		p.Criteria = append(p.Criteria, Criterion{"Batch norm's gain is smallest at r = 4 [T], " + q.name + " statistics", smallest})
	}
	return p
}

// gain is the gain in accuracy by batch norm at a radius.
func gain(q Quantity, r float64) func(BySeed) float64 {
	return difference(q, "with "+number(r), "without "+number(r))
}
