package experiment

import "hfcui/engine/train"

// architectures: among LeNet, AlexNet, VGG and ResNet, ResNet has the best test accuracy and the
// smallest gap, and relies least on high frequencies (section 5).
func architectures(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	base := paperBase()
	nets := []struct{ name, net string }{{"LeNet", "lenet5"}, {"AlexNet", "alexnet"}, {"VGG", "vgg11-nobn"}, {"ResNet", base.Net}}
	bands := parts("test", 0, "running")
	if size == Quick {
		base, p.Test = quickBase(6_000, 6), 2000
		base.LearningRate, bands.Limit = 1e-3, 1000
		nets[3].net = "resnet20-nobn"
	}
	base.Bands = ended(bands)
	for _, n := range nets {
		p.add(n.name, base, func(c *train.Config) { c.Net = n.net })
	}
	p.compared("Architectures", "architectures")
	p.Notes = append(p.Notes, "None of the nets has batch norm or dropout.")

	var best, smallest, least []Part
	for _, other := range []string{"LeNet", "AlexNet", "VGG"} {
		best = append(best, Part{"test accuracy, ResNet − " + other + " > 0", difference(test, "ResNet", other), above(0)})
		smallest = append(smallest, Part{"gap, " + other + " − ResNet > 0", difference(gap, other, "ResNet"), above(0)})
		least = append(least, Part{"H, " + other + " − ResNet > 0", difference(highs, other, "ResNet"), above(0)})
	}
	p.Criteria = []Criterion{
		{"ResNet has the best test accuracy [T]", best},
		{"ResNet has the smallest gap [T]", smallest},
		{"ResNet relies least on high frequencies [T]", least},
	}
	return p
}

// compared adds the table, the figure and the notes of experiments that compare settings
// by accuracy, gap and accuracy on low- and high-pass images.
func (p *Plan) compared(title, file string) {
	columns := append([]Column{{Title: "train", Of: training}, {Title: "test", Of: test}, {Title: "gap", Of: gap}, {Title: "H", Of: highs}}, partColumns(same)...)
	p.Tables = []Table{{Title: title, Columns: columns}}
	p.Figures = []Figure{{File: file, Title: title, Y: "accuracy", Columns: columns}}
	p.Notes = append(p.Notes, "The gap is training accuracy in the last epoch minus test accuracy. Low- and high-pass images are of the test split, divided by their own maximum; H is the mean over H4, H8, H12 and H16.")
}
