package experiment

import "fmt"

// normalizations are those of low- and high-pass images: none, and that of the paper's code.
var normalizations = []string{"none", "max"}

// naturalOnly returns a plan with only the natural setting.
func naturalOnly(size Size) Plan {
	p := Plan{Seeds: threeSeeds}
	p.naturalAndAdversarial(size)
	p.Settings = p.Settings[:1]
	p.Notes = []string{
		"The model is trained on whole images as they are, without augmentation.",
		"Samples are flips: test images that are correct on the whole and the high-pass image and wrong on the low-pass image, as a fraction of all test images. Low- and high-pass images are evaluated as they are (none) or divided by their own maximum, negatives kept, as in the paper's code (max).",
		"The permutation null is the expected fraction if the predictions on low- and high-pass images, each pair together, or those on high-pass images alone, were permuted among the images at random, which makes them independent of the images. Permuting pairs also makes most predictions on low-pass images wrong; otherwise few are.",
	}
	return p
}

// fig2: some images are correct on the high-pass image and wrong on the low-pass image,
// more than by chance (Fig. 2).
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
				both = append(both, Part{normalize + ": samples − null of pairs > 0", contrast("natural", share, flipResults(i, FlipResults.chance)), above(0)})
				high = append(high, Part{normalize + ": samples − null of high > 0", contrast("natural", share, flipResults(i, FlipResults.highChance)), above(0)})
			}
		}
	}
	p.Tables = []Table{{Title: "Samples of Fig. 2", Rows: rows}, {Title: "Training", Columns: []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}}}
	p.Criteria = []Criterion{
		{"At r = 12 there are more samples than the permutation null of pairs", both},
		{"At r = 12 there are more samples than the permutation null of high-pass predictions alone (ours)", high},
	}
	return p
}

func flipColumns(i int) []Column {
	return []Column{
		{Title: "samples", Of: flipResults(i, FlipResults.share)},
		{Title: "null of pairs", Of: flipResults(i, FlipResults.chance)},
		{Title: "null of high", Of: flipResults(i, FlipResults.highChance)},
		{Title: "prediction changes on the low-pass image", Of: flipResults(i, FlipResults.differs)},
	}
}

// svd: splitting by singular values instead of frequencies gives far fewer samples of Fig. 2
// (section 8).
func svd(size Size) Plan {
	p := naturalOnly(size)
	p.Notes = append(p.Notes, "By SVD the low-pass image is the truncated singular value decomposition of the image. All channels of an image have the same rank: the one whose residual energy is nearest to that of the Fourier high-pass image at r.")
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
	p.Tables = []Table{{Title: "Samples of Fig. 2, Fourier vs SVD", Rows: rows}, {Title: "Training", Columns: []Column{{Title: "train", Of: training}, {Title: "test", Of: test}}}}
	p.Criteria = []Criterion{{"At the energy of r = 12 SVD gives fewer than half of Fourier's samples", fewer}}
	return p
}
