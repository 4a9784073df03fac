package experiment

import (
	"math"

	"hfcui/engine/train"
)

// fig3: trained on natural or shuffled labels, a net learns low frequencies first with the former,
// and later with the latter (section 4, Fig. 3).
func fig3(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	natural, shuffledFor := paperBase(), 300
	natural.Normalize = "max"
	bands := parts("train", 5000, "running")
	if size == Quick {
		natural = quickBase(2000, 50)
		natural.LearningRate, natural.Schedule = 2e-3, "constant"
		natural.Normalize, shuffledFor, p.Test = "max", 240, 500
		bands.Limit, bands.Every = 500, 2
	}
	natural.Bands = &bands

	p.add("natural", natural, nil)
	p.add("shuffled", natural, func(c *train.Config) { c.ShuffleLabels, c.Epochs = true, shuffledFor })

	p.Notes = []string{
		"Bands are measured on training images, without augmentation, with the labels trained on: for shuffled, the shuffled ones. Training images and low- and high-pass images are divided by their own maximum, as in the paper's code; whole images in measurements are not.",
		"Training accuracy is on the whole images of the band measurement.",
	}
	columns := []Column{{Title: "train", Of: whole, Paper: readings(".98", ".98")}}
	paper := []map[string]string{readings(".96–.98", ".97"), readings(".89–.93", ".90"), readings(".62–.70", ".53"), readings(".27", ".14")}
	for i, r := range []float64{16, 12, 8, 4} {
		columns = append(columns, Column{Title: "L" + number(r), Of: low(r), Paper: paper[i]})
	}
	columns = append(columns, Column{Title: "best L4", Of: bestLow4, Paper: map[string]string{"natural": ".39 [P]"}})
	p.Tables = []Table{
		{Title: "Final accuracy on training images", Columns: columns},
		{Title: "During training", Columns: []Column{{Title: "epoch of the best L4", Of: bestLow4Epoch, Paper: map[string]string{"natural": "2–6 [P]"}}, {Title: "epoch of .9 training accuracy", Of: reaches(.9), Paper: readings("50", "150")}}},
	}
	for _, setting := range []string{"natural", "shuffled"} {
		f := Figure{File: setting, Title: "Trained on " + setting + " labels", X: "epoch", Y: "accuracy on training images"}
		f.Curves = append(f.Curves, Curve{Title: "whole", Setting: setting, Of: whole})
		for _, r := range []float64{16, 12, 8, 4} {
			f.Curves = append(f.Curves, Curve{Title: "L" + number(r), Setting: setting, Of: low(r)})
		}
		p.Figures = append(p.Figures, f)
	}
	p.Criteria = fig3Criteria()
	return p
}

// fig3Criteria are the claims on shuffled labels.
func fig3Criteria() []Criterion {
	return []Criterion{
		{"Natural labels: L4 < L8 < L12 ≤ L16", []Part{
			{"L8 − L4 > 0", contrast("natural", low(8), low(4)), above(0)},
			{"L12 − L8 > 0", contrast("natural", low(12), low(8)), above(0)},
			{"L16 − L12 ≥ 0", contrast("natural", low(16), low(12)), atLeast(0)},
		}},
		{"Natural labels: L4 peaks early (our rule: within the first quarter of the epochs, and later falls by .02 or more)", []Part{
			{"epoch of the peak ÷ epochs ≤ .25", func(s BySeed) float64 { return bestLow4Epoch(s("natural")) / lastEpoch(s("natural")) }, atMost(.25)},
			{"best L4 − last L4 ≥ .02", contrast("natural", bestLow4, low(4)), atLeast(.02)},
		}},
		{"Shuffled labels take at least 3 times as many epochs to reach the same training accuracy (the highest of .95, .9, .8 … that both runs of a seed reached)", []Part{
			{"epochs of shuffled ÷ of natural ≥ 3", func(s BySeed) float64 {
				level := bothReached(s)
				return reaches(level)(s("shuffled")) / reaches(level)(s("natural"))
			}, atLeast(3)},
		}},
		{"At the same training accuracy L4 is lower by .08 or more with shuffled labels", []Part{
			{"L4 of natural − of shuffled ≥ .08", func(s BySeed) float64 {
				level := bothReached(s)
				return lowWhen(level, 4)(s("natural")) - lowWhen(level, 4)(s("shuffled"))
			}, atLeast(.08)},
		}},
	}
}

// readings are the poster's values for natural and for shuffled labels.
func readings(natural, shuffled string) map[string]string {
	return map[string]string{"natural": natural + " [P]", "shuffled": shuffled + " [P]"}
}

// bestLow4 is the maximum over epochs of accuracy on low-pass images at r = 4.
func bestLow4(r Run) float64 {
	best, _ := peak(r)
	return best
}

func bestLow4Epoch(r Run) float64 {
	_, epoch := peak(r)
	return epoch
}

func peak(r Run) (best, epoch float64) {
	best, epoch = math.NaN(), math.NaN()
	for _, e := range r.Bands {
		if v := part(e, "low", 4); !(v <= best) {
			best, epoch = v, float64(e.Epoch)
		}
	}
	return best, epoch
}

func lastEpoch(r Run) float64 {
	if len(r.Epochs) == 0 {
		return math.NaN()
	}
	return float64(r.Epochs[len(r.Epochs)-1].Epoch)
}

// when returns the first measurement with at least that accuracy on whole images.
func when(r Run, level float64) *train.BandsEvent {
	for _, e := range r.Bands {
		if accuracy(&e.Whole) >= level {
			return e
		}
	}
	return nil
}

// reaches is the first epoch with training accuracy at a level or above.
func reaches(level float64) Quantity {
	return func(r Run) float64 {
		if e := when(r, level); e != nil {
			return float64(e.Epoch)
		}
		return math.NaN()
	}
}

// lowWhen is the accuracy on low-pass images when training accuracy first reaches a level.
func lowWhen(level, radius float64) Quantity {
	return func(r Run) float64 { return part(when(r, level), "low", radius) }
}

// bothReached is the highest level that the training accuracy of both runs reaches.
func bothReached(s BySeed) float64 {
	for _, level := range []float64{.95, .9, .8, .7, .6, .5, .4, .3} {
		if when(s("natural"), level) != nil && when(s("shuffled"), level) != nil {
			return level
		}
	}
	return math.Inf(1)
}
