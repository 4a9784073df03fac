package experiment

import "hfcui/engine/train"

// optimizers: of SGD, Adam, AdaGrad, AdaDelta and RMSprop, only SGD relies markedly more on high
// frequencies (section 5).
func optimizers(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	base := paperBase()
	rates := map[string]float64{"sgd": 1e-2, "adam": 1e-4, "adagrad": 1e-2, "adadelta": 1, "rmsprop": 1e-4}
	bands := parts("test", 0, "running")
	if size == Quick {
		base, p.Test = quickBase(10_000, 8), 5000
		bands.Limit = 2000
		rates["adam"], rates["rmsprop"] = 2e-3, 1e-3
	}
	base.Bands = ended(bands)
	names := []struct{ name, rule string }{{"SGD", "sgd"}, {"Adam", "adam"}, {"AdaGrad", "adagrad"}, {"AdaDelta", "adadelta"}, {"RMSprop", "rmsprop"}}
	for _, n := range names {
		p.add(n.name, base, func(c *train.Config) {
			c.Optimizer, _, _ = train.Usual(n.rule)
			c.WeightDecay, c.Nesterov, c.LearningRate = 0, false, rates[n.rule]
		})
	}
	p.compared("Optimizers", "optimizers")
	p.Notes = append(p.Notes, "Each optimizer has its own learning rate, listed in the configuration; the paper names only Adam's. SGD has momentum 0.9; there is no weight decay.")

	var more []Part
	for _, n := range names[1:] {
		more = append(more, Part{"H, SGD − " + n.name + " > 0", difference(highs, "SGD", n.name), above(0)})
	}
	p.Criteria = []Criterion{{"SGD relies more on high frequencies than every other optimizer [T]", more}}
	return p
}
