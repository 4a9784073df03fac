package experiment

import "fmt"

// normalizations are those that parts are shown in: as they are, and as the paper's code has
// them.
var normalizations = []string{"none", "max"}

// naturalOnly makes a plan of the natural setting alone.
func naturalOnly(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	p.naturalAndAdversarial(size)
	p.Settings = p.Settings[:1]
	p.Notes = []string{
		"The model is trained on whole images as they are, without augmentation.",
		"Counted are test images whose whole and high part are classified right and whose low part is not, as a share of all test images. Parts are shown to the model as they are (none) or divided by their own maximum, negatives kept, as the paper's code does (max).",
		"Dealt out is the share at the mean if the model's answers to low and high parts, each pair together, or those to high parts alone, were dealt out to the images at random: they would say nothing about their images. The first also makes most low parts wrong, of which there are few otherwise.",
	}
	return p
}

// fig2: some images are classified right by their high part and wrong by their low one,
// more than chance has (Fig. 2).
func fig2(size Size) Plan {
	p := naturalOnly(size)
	var rows []Row
	var both, high []Part
	for _, radius := range []float64{12, 8, 4, 16} {
		for _, normalize := range normalizations {
			i := len(p.After)
			p.After = append(p.After, Measurement{Flips: &Flips{Radius: radius, By: "fourier", Normalize: normalize}})
			rows = append(rows, Row{Title: fmt.Sprintf("r = %s, %s", number(radius), normalize), Setting: "natural", Columns: flipColumns(i)})
			if radius == 12 {
				share := flipResults(i, FlipResults.share)
				both = append(both, Part{normalize + ": samples − pairs dealt out > 0", contrast("natural", share, flipResults(i, FlipResults.chance)), above(0)})
				high = append(high, Part{normalize + ": samples − high answers dealt out > 0", contrast("natural", share, flipResults(i, FlipResults.highChance)), above(0)})
			}
		}
	}
	p.Tables = []Table{{Title: "Samples of Fig. 2", Rows: rows}, {Title: "Training", Columns: []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}}}
	p.Criteria = []Criterion{
		{"At r = 12 there are more samples than a permutation of the predictions on parts would give", both},
		{"At r = 12 there are more samples than a permutation of the predictions on high parts alone would give (ours)", high},
	}
	return p
}

func flipColumns(i int) []Column {
	return []Column{
		{Title: "samples", Of: flipResults(i, FlipResults.share)},
		{Title: "pairs dealt out", Of: flipResults(i, FlipResults.chance)},
		{Title: "high answers dealt out", Of: flipResults(i, FlipResults.highChance)},
		{Title: "low part answered otherwise than the whole", Of: flipResults(i, FlipResults.differs)},
	}
}

// svd: splitting by singular values instead of frequencies gives far fewer samples of Fig. 2
// (section 8).
func svd(size Size) Plan {
	p := naturalOnly(size)
	p.Notes = append(p.Notes, "By SVD the low part is the image's truncated singular value decomposition. One rank holds for all channels of an image: the one whose remainder's energy is nearest to that of the Fourier high part at r.")
	var rows []Row
	var fewer []Part
	for _, radius := range []float64{12, 8, 4, 16} {
		for _, normalize := range normalizations {
			i := len(p.After)
			for k, by := range []string{"fourier", "svd"} {
				p.After = append(p.After, Measurement{Flips: &Flips{Radius: radius, By: by, Normalize: normalize}})
				rows = append(rows, Row{Title: fmt.Sprintf("r = %s, %s, %s", number(radius), normalize, by), Setting: "natural", Columns: flipColumns(i + k)})
			}
			if radius == 12 {
				fourier, bySVD := flipResults(i, FlipResults.share), flipResults(i+1, FlipResults.share)
				fewer = append(fewer, Part{normalize + ": samples by SVD ÷ by Fourier < .5", ofSetting("natural", func(r Run) float64 { return bySVD(r) / fourier(r) }), below(.5)})
			}
		}
	}
	p.Tables = []Table{{Title: "Samples of Fig. 2 by the way images are split", Rows: rows}, {Title: "Training", Columns: []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}}}
	p.Criteria = []Criterion{{"At the energy of r = 12 SVD gives fewer than half of Fourier's samples", fewer}}
	return p
}
