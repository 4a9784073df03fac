package experiment

import (
	"fmt"
	"image"

	"hfcui/spectral"
)

// fig7: adversarial training makes the first layer's kernels smoother, and smoothing makes natural
// ones look similar (section 6, Fig. 7).
func fig7(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	p.naturalAndAdversarial(size)
	p.After = []Measurement{{Kernels: &Kernels{Rhos: attackRhos}}}
	p.Notes = append(p.Notes, "Roughness is the energy of differences between neighboring weights over the energy of the weights, of the first layer's kernels: the gain 1+8ρ of smoothing does not change it.")
	var columns []Column
	var falls []Part
	for k, rho := range attackRhos {
		columns = append(columns, Column{Title: "ρ = " + number(rho), Of: roughness(0, k)})
		if k == 0 {
			continue
		}
		for _, s := range p.Settings {
			falls = append(falls, Part{fmt.Sprintf("%s, ρ = %s − ρ = %s > 0", s.Name, number(attackRhos[k-1]), number(rho)), contrast(s.Name, roughness(0, k-1), roughness(0, k)), above(0)})
		}
	}
	p.Tables = []Table{{Title: "Roughness of the first layer's kernels", Columns: columns}, {Title: "Training", Columns: []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}}}
	p.Figures = []Figure{{File: "fig7", Title: "First-layer kernels of seed 1: natural, natural smoothed with ρ = 1, adversarial, adversarial smoothed with ρ = 1. Contrast is stretched per kernel", Draw: func(g Grid) image.Image {
		var strips []strip
		for _, s := range p.Settings {
			f := kernelResults(g.find(s.Name, p.Seeds[0]), 0)
			if f == nil {
				return nil
			}
			smooth := make([]float32, len(f.Weights))
			spectral.Smooth(smooth, f.Weights, f.Shape[0], f.Shape[1], f.Shape[2], f.Shape[3], 1)
			strips = append(strips, strip{f.Shape, f.Weights}, strip{f.Shape, smooth})
		}
		return drawStrips(strips)
	}}}
	p.Criteria = []Criterion{
		{"The adversarial model's kernels are smoother than the natural one's", []Part{{"roughness, natural − adversarial > 0", difference(roughness(0, 0), "natural", "adversarial"), above(0)}}},
		{"Roughness falls with smoothing", falls},
	}
	return p
}
