package uitest

import (
	"context"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
)

// Corruptions are those of a fake tree, for FakeLab.About.
func Corruptions() (list []dataset.Corruption) {
	for _, name := range []string{"brightness", "contrast", "defocus_blur", "elastic_transform", "fog", "frost", "gaussian_noise", "glass_blur",
		"impulse_noise", "jpeg_compression", "motion_blur", "pixelate", "shot_noise", "snow", "zoom_blur"} {
		list = append(list, dataset.Corruption{Name: name, Severities: []int{1, 2, 3, 4, 5}})
	}
	return list
}

// Corrupted measures one version after the other; accuracy falls with severity.
func (l *FakeLab) Corrupted(ctx context.Context, q lab.CorruptedRequest, update func(bands.Corrupted)) (bands.Corrupted, error) {
	all := bands.NewCorrupted(q.Corruptions)
	for k, c := range q.Corruptions {
		for j, severity := range c.Severities {
			worse := 1 - float64(severity)*0.02*float64(1+k%5)
			fade := func(s measure.Score) measure.Score {
				return measure.Score{Correct: int(worse * float64(s.Correct)), N: s.N}
			}
			_, err := l.Bands(ctx, q.BandsRequest, func(r bands.Result) {
				r.Whole = fade(r.Whole)
				for i := range r.Radii {
					r.Low[i], r.High[i] = fade(r.Low[i]), fade(r.High[i])
				}
				all.Results[k][j] = r
				update(all.Clone())
			})
			if err != nil {
				return all, err
			}
		}
	}
	return all, nil
}
