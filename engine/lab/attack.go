package lab

import (
	"context"
	"time"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// AttackRequest asks for an adversarial example of one image of the selected split. Attacks use
// whole images and running statistics: Normalize and Statistics are ignored.
type AttackRequest struct {
	Model string // path of a comparison model; "" is the open one
	Index int
	R     float64 // between low and high frequencies of the perturbation, cycles per image
	bands.Setting
	attack.Options
}

// AttackView is an adversarial example. Images have the model's input size. It is read-only.
type AttackView struct {
	AttackRequest
	Title string // of the image, safe to print
	Label int    // its class
	// Perturbation is Attacked − Original, neither clipped nor scaled.
	Original, Perturbation, Attacked dataset.Image
	// Spectrum is the perturbation's log(1+|F|) with the zero frequency in the center, averaged
	// over channels and scaled to [0,1].
	Spectrum []float32
	// Profile is the perturbation's mean power by radius: element k averages the frequencies
	// from k to below k+1; element 0 is the zero frequency alone.
	Profile []float64
	// EnergyLow and EnergyHigh are the fractions of the perturbation's energy, without that of
	// its mean, below R and from R on; both 0 where there is no other energy.
	EnergyLow, EnergyHigh float64
	Before, After         measure.Prediction
	LInf, L2              float64 // norms of the perturbation
	ZeroGradient          bool    // the gradient was 0 everywhere
	Took                  time.Duration
}

// Success reports whether the adversarial example is misclassified.
func (v *AttackView) Success() bool { return v.After.Class != v.Label }

// Attack attacks one image. Background work is paused meanwhile.
func (l *Lab) Attack(ctx context.Context, q AttackRequest) (*AttackView, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	method, err := attack.New(q.Options)
	if err != nil {
		return nil, err
	}
	defer l.gate.enter()()
	now, end, err := l.resolveLabeled(ctx, q.Model, "", &q.Setting)
	if err != nil {
		return nil, err
	}
	defer end()
	if err := now.Check(q.Index, now.data.Name, now.split); err != nil {
		return nil, err
	}
	q.Normalize, q.Statistics = bands.NormalizeNone, model.RunningStatistics
	v := &AttackView{AttackRequest: q, Title: now.Set.Title(q.Index), Label: now.label(q.Index)}
	started := time.Now()
	if err := now.attack(ctx, v, method); err != nil {
		return nil, err
	}
	v.Took = time.Since(started)
	v.describe()
	return v, nil
}

// attack sets the images and the predictions.
func (c *selection) attack(ctx context.Context, v *AttackView, method *attack.Attack) error {
	target, err := c.programs.target(1, false, v.Smoothing)
	if err != nil {
		return err
	}
	channels, h, w := c.model.Input()
	for _, im := range []*dataset.Image{&v.Original, &v.Perturbation, &v.Attacked} {
		*im = *dataset.NewImage(channels, h, w)
	}
	if err := c.Inputs.ReadBatch(v.Original.Pix, make([]int, 1), []int{v.Index}); err != nil {
		return err
	}
	out, err := method.Run(ctx, target, v.Attacked.Pix, v.Original.Pix, []int{v.Label}, []int{v.Index})
	if err != nil {
		return err
	}
	v.LInf, v.L2, v.ZeroGradient = out[0].LInf, out[0].L2, out[0].ZeroGradient
	for i, p := range v.Original.Pix {
		v.Perturbation.Pix[i] = v.Attacked.Pix[i] - p
	}
	if v.Before, err = measure.Predict(ctx, target, v.Original.Pix); err == nil {
		v.After, err = measure.Predict(ctx, target, v.Attacked.Pix)
	}
	return err
}

// describe computes the spectrum of the perturbation.
func (v *AttackView) describe() {
	p := v.Perturbation
	split := spectral.NewSplitter(p.H, p.W)
	split.Load(p.Pix)
	v.Spectrum = make([]float32, p.H*p.W)
	split.LogSpectrum(v.Spectrum)
	v.Profile = split.RadialProfile()
	v.EnergyLow, v.EnergyHigh = split.Energy(v.R)
}
