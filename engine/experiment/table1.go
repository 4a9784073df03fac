package experiment

import "hfcui/engine/train"

// table1: trained on low-pass images, a net is accurate on whole images; trained on high-pass
// images, it is hardly better than chance (section 4, Table 1).
func table1(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	base := paperBase()
	if size == Quick {
		base, p.Test = quickBase(10_000, 8), 5000
	}
	base.Normalize = "max"
	for _, part := range []string{train.Low, train.High} {
		for _, r := range paperRadii {
			p.add(trainedOn(part, r), base, func(c *train.Config) { c.Input, c.Radius = part, r })
		}
	}

	p.Notes = []string{
		"Training images are divided by their own maximum, negatives kept, as in the paper's code; whole test images are not.",
		"Training accuracy is on low- or high-pass images, during the last epoch. The paper's Table 1 has not been checked, so its values are not shown.",
	}
	columns := []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}
	p.Tables = []Table{{Title: "Trained on low- or high-pass images, tested on whole images", Columns: columns}}
	p.Figures = []Figure{{File: "table1", Title: "Trained on low- or high-pass images, tested on whole images", X: "", Y: "accuracy", Columns: columns}}
	var rises, beats []Part
	for i, r := range paperRadii {
		if i > 0 {
			before := paperRadii[i-1]
			rises = append(rises, Part{"low " + number(r) + " − low " + number(before) + " > 0",
				difference(test, trainedOn(train.Low, r), trainedOn(train.Low, before)), above(0)})
		}
		beats = append(beats, Part{"low " + number(r) + " − high " + number(r) + " ≥ .3",
			difference(test, trainedOn(train.Low, r), trainedOn(train.High, r)), atLeast(.3)})
	}
	p.Criteria = []Criterion{
		{"Test accuracy after training on low-pass images rises with r", rises},
		{"It exceeds that after training on high-pass images by at least .3 at each r", beats},
	}
	return p
}

func trainedOn(part string, r float64) string { return part + " " + number(r) }
