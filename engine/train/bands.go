package train

import (
	"fmt"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// Bands configures measurements of accuracy on low- and high-pass images during a run.
type Bands struct {
	Radii     []float64 `json:"radii"`
	Every     int       `json:"every"`       // epochs; always after the last one
	Limit     int       `json:"n,omitempty"` // only the first Limit images; 0: all
	Split     string    `json:"split"`       // test, or train: with the labels trained on
	Normalize string    `json:"normalize"`   // of low- and high-pass images: none, max or std
	BN        string    `json:"bn"`          // batch-norm statistics: running or batch
}

// Check returns an error, in one line, unless b is valid.
func (b *Bands) Check() error {
	switch {
	case b == nil:
		return nil
	case len(b.Radii) == 0:
		return fmt.Errorf("no radii for bands")
	case b.Every < 1:
		return fmt.Errorf("bands every %d epochs: use 1 or more", b.Every)
	case b.Limit < 0:
		return fmt.Errorf("bands on %d images: use 0 for all", b.Limit)
	case b.Split != "train" && b.Split != "test":
		return fmt.Errorf("bands on %q: use train or test", b.Split)
	}
	for _, r := range b.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return err
		}
	}
	if _, err := bands.ParseNormalization(b.Normalize); err != nil {
		return err
	}
	_, err := model.ParseStatistics(b.BN)
	return err
}

// due reports whether bands are measured after an epoch.
func (b *Bands) due(epoch int, last bool) bool { return b != nil && (last || epoch%b.Every == 0) }
