package engine

import (
	"context"
	"fmt"
	"time"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// AttackRequest asks for one image of the chosen split and what an attack makes of it. Attacks
// know whole images and running statistics only: Normalize and Statistics do not matter.
type AttackRequest struct {
	Model string // as Lab.OpenBeside has it; "" is the open one
	Index int
	R     float64 // where low and high frequencies of the perturbation are told apart
	Setting
	attack.Options
}

// AttackView is what there is to see of an attack on one image. Pictures are of the model's
// input size. All of it may be read but not written to.
type AttackView struct {
	AttackRequest
	Title string // of the image, safe to print
	Label int    // its class, which the attack leads away from
	// Perturbation is Attacked − Original, neither clipped nor scaled.
	Original, Perturbation, Attacked Plane
	// Spectrum is the perturbation's log(1+|F|), the zero frequency in the middle, averaged
	// over channels and scaled to [0,1].
	Spectrum []float32
	// Profile is the perturbation's mean power by radius: element k averages the frequencies
	// from k to below k+1; element 0 is the zero frequency alone.
	Profile []float64
	// EnergyLow and EnergyHigh are the shares of the perturbation's energy, without its
	// mean's, below R and from R on; both 0 where it has no other energy.
	EnergyLow, EnergyHigh float64
	Before, After         Prediction
	LInf, L2              float64 // norms of the perturbation
	ZeroGradient          bool    // the gradient was 0 everywhere: the method was blind
	Took                  time.Duration
}

// Success tells whether the attacked image is taken for another class than its own.
func (v *AttackView) Success() bool { return v.After.Class != v.Label }

// Attack attacks one image. What a person waits for goes first: measurements stand still
// meanwhile.
func (l *Lab) Attack(ctx context.Context, q AttackRequest) (*AttackView, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	method, err := attack.New(q.Options)
	if err != nil {
		return nil, err
	}
	defer l.gate.enter()()
	now, end, err := l.beside(ctx, q.Model)
	if err != nil {
		return nil, err
	}
	defer end()
	if err := now.settle(&q.Setting); err != nil {
		return nil, err
	}
	if q.Index < 0 || q.Index >= now.set.Len() {
		return nil, fmt.Errorf("image %d: %s has images 0 to %d in its %s split", q.Index, l.data.Name, now.set.Len()-1, now.split)
	}
	if err := now.checkLabels(l.data.Name); err != nil {
		return nil, err
	}
	q.Normalize, q.Statistics = bands.NormalizeNone, model.RunningStatistics
	v := &AttackView{AttackRequest: q, Title: now.set.Title(q.Index), Label: now.label(q.Index)}
	started := time.Now()
	if err := now.attack(ctx, v, method); err != nil {
		return nil, err
	}
	v.Took = time.Since(started)
	v.describe()
	return v, nil
}

// attack fills in the pictures and what the model makes of them.
func (c *chosen) attack(ctx context.Context, v *AttackView, method *attack.Attack) error {
	target, err := c.panel.target(targetKey{batch: 1}, v.Smoothing)
	if err != nil {
		return err
	}
	channels, h, w := c.model.Input()
	plane := func() Plane {
		return Plane{C: channels, H: h, W: w, Pix: make([]float32, channels*h*w)}
	}
	v.Original, v.Perturbation, v.Attacked = plane(), plane(), plane()
	if err := c.inputs.ReadBatch(v.Original.Pix, make([]int, 1), []int{v.Index}); err != nil {
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
	for _, asked := range []struct {
		image Plane
		p     *Prediction
	}{{v.Original, &v.Before}, {v.Attacked, &v.After}} {
		logits := make([]float32, target.Classes())
		if err := target.Logits(ctx, logits, asked.image.Pix, 1); err != nil {
			return err
		}
		if err := measure.CheckLogits(logits); err != nil {
			return err
		}
		*asked.p = predictionOf(logits)
	}
	return nil
}

// describe tells where the perturbation lies in the frequency plane.
func (v *AttackView) describe() {
	p := v.Perturbation
	split := spectral.NewSplitter(p.H, p.W)
	split.Load(p.Pix)
	v.Spectrum = make([]float32, p.H*p.W)
	split.LogSpectrum(v.Spectrum)
	v.Profile = split.RadialProfile()
	v.EnergyLow, v.EnergyHigh = split.Energy(v.R)
}
