package experiment

import (
	"strconv"

	"hfcui/engine/train"
)

// fig4: small batches are more accurate; large ones have a smaller gap and rely less on high
// frequencies (section 5, Fig. 4).
func fig4(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	base := paperBase()
	bands := parts("test", 0, "running")
	if size == Quick {
		base, p.Test = quickBase(10_000, 10), 5000
		base.LearningRate, base.Schedule = 1e-3, "constant"
		bands.Limit = 2000
	}
	base.Bands = ended(bands)
	sizes := []int{32, 100, 400}
	for _, n := range sizes {
		p.add(ofBatch(n), base, func(c *train.Config) { c.Batch = n })
	}

	p.compared("Batch sizes", "fig4")
	p.Notes = append(p.Notes, "The epochs and the learning rate are the same for all batch sizes, so that large batches take fewer steps.")
	small, large := ofBatch(sizes[0]), ofBatch(sizes[len(sizes)-1])
	p.Criteria = []Criterion{
		{"Small batches are more accurate [T]", []Part{{"test accuracy, " + small + " − " + large + " > 0", difference(test, small, large), above(0)}}},
		{"Large batches have a smaller gap [T]", []Part{{"gap, " + small + " − " + large + " > 0", difference(gap, small, large), above(0)}}},
		{"Large batches rely less on high frequencies [T]", []Part{{"H, " + small + " − " + large + " > 0", difference(highs, small, large), above(0)}}},
	}
	return p
}

func ofBatch(n int) string { return "batch " + strconv.Itoa(n) }
