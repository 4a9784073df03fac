package uitest

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
)

// fakeAttacks is how the fake Lab answers to attacks.
type fakeAttacks struct {
	Asked    []lab.AttackRequest
	Measured []lab.RobustnessRequest
	Round    time.Duration // what a round of measuring takes
	Gate     chan struct{} // if set, an attack waits for it
	Err      error
	Broken   string // a model that cannot be measured
	Zero     bool   // the gradient is zero
	Doubt    bool   // figures at the largest ε are in doubt
}

func (l *FakeLab) Attack(ctx context.Context, q lab.AttackRequest) (*lab.AttackView, error) {
	l.Mu.Lock()
	l.Attacks.Asked = append(l.Attacks.Asked, q)
	f := l.Attacks
	l.Mu.Unlock()
	if l.Panics == "Attack" {
		panic("fake attack panics")
	}
	if f.Gate != nil {
		select {
		case <-f.Gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if f.Err != nil {
		return nil, f.Err
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	plane := func(pix []float32) dataset.Image { return dataset.Image{C: 3, H: 32, W: 32, Pix: pix} }
	x := l.pixels(q.Index)
	v := &lab.AttackView{AttackRequest: q, Title: l.Title(q.Index), Label: l.Label(q.Index), ZeroGradient: f.Zero, Took: 7 * time.Millisecond}
	d, y := make([]float32, len(x)), slices.Clone(x)
	for i := range x {
		if !f.Zero {
			d[i] = float32(q.Epsilon) * float32(1-2*int(2*hash(uint64(i), 5)))
		}
		y[i] += d[i]
	}
	v.Original, v.Perturbation, v.Attacked = plane(x), plane(d), plane(y)
	v.Spectrum = make([]float32, 32*32)
	for k := range 23 {
		v.Profile = append(v.Profile, q.Epsilon*q.Epsilon*math.Exp(-0.1*float64(k)))
	}
	for i := range v.Spectrum {
		v.Spectrum[i] = float32(hash(uint64(i), 9))
	}
	if !f.Zero {
		v.LInf, v.L2 = q.Epsilon, q.Epsilon*math.Sqrt(32*32*3)
		v.EnergyLow, v.EnergyHigh = q.R/30, 1-q.R/30
	}
	v.Before = l.answer(q.Index, bands.Whole, q.Setting, 0)
	v.After = v.Before
	if v.LInf > 0.02 {
		v.After.Class = (v.Label + 1) % 10
		v.After.Probabilities = slices.Clone(v.Before.Probabilities)
		slices.Reverse(v.After.Probabilities)
	}
	return v, nil
}

// fakeRobust is the fake model's accuracy under attack.
func fakeRobust(method string, epsilon, rho float64) float64 {
	strength := map[string]float64{attack.FGSMMethod: 20}[method]
	if strength == 0 {
		strength = 60
	}
	return (0.97 - 0.2*rho) * math.Exp(-strength*epsilon*(1-0.3*rho))
}

func (l *FakeLab) Robustness(ctx context.Context, q lab.RobustnessRequest, update func(attack.Robustness)) (attack.Robustness, error) {
	l.Mu.Lock()
	l.Attacks.Measured = append(l.Attacks.Measured, q)
	f := l.Attacks
	l.Mu.Unlock()
	if f.Broken != "" && q.Model == f.Broken {
		return attack.Robustness{}, errors.New("no such model")
	}
	if l.Panics == "Robustness" {
		panic("fake robustness panics")
	}
	total := min(l.Info().Images, q.Limit)
	for n := min(32, total); ; n = min(2*n, total) {
		select {
		case <-ctx.Done():
			return attack.Robustness{}, ctx.Err()
		case <-time.After(f.Round):
		}
		score := func(share float64) measure.Score { return measure.Score{Correct: int(share * float64(n)), N: n} }
		r := attack.Robustness{Images: total, Done: n == total, Progress: float64(n) / float64(total)}
		for _, rho := range q.Rhos {
			r.Clean = append(r.Clean, attack.Clean{Rho: rho, Score: score(fakeRobust("", 0, rho))})
		}
		for _, method := range q.Methods {
			for _, rho := range q.Rhos {
				for _, e := range q.Epsilons {
					c := attack.Cell{Method: method, Epsilon: e, Rho: rho, Score: score(fakeRobust(method, e, rho))}
					if f.Doubt && e == slices.Max(q.Epsilons) && method != attack.FGSMMethod {
						c.Marks = append(c.Marks, attack.Mark{Rule: attack.FlatInEpsilon, Text: "suspected gradient masking: accuracy is no lower than at the smaller epsilon 0.06: 9 vs 9 of 20"})
					}
					r.Cells = append(r.Cells, c)
				}
			}
		}
		for _, rho := range q.Rhos {
			if attack.Minimal(q.Method) {
				r.Smallest = append(r.Smallest, attack.Smallest{Method: q.Method, Rho: rho, Median: 0.0123, N: n})
			}
		}
		update(r)
		if r.Done {
			return r, nil
		}
	}
}
