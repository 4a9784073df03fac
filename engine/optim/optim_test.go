package optim_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/optim"
	"hfcui/engine/plan/plantest"
)

// Steps of the rules are PyTorch's.
func TestRules(t *testing.T) {
	f, err := checkpoints.Open("testdata/optimizers.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defaults := func(name string) optim.Rule {
		rule, _, err := optim.New(name)
		if err != nil {
			t.Fatal(err)
		}
		return rule
	}
	adamw := defaults("adamw").(optim.AdamW)
	adamw.WeightDecay = 0.05
	for name, c := range map[string]struct {
		rule optim.Rule
		rate float64
	}{
		"sgd":          {defaults("sgd"), 0.1},
		"sgd_momentum": {optim.SGD{Momentum: 0.9, WeightDecay: 5e-4}, 0.1},
		"sgd_nesterov": {optim.SGD{Momentum: 0.9, WeightDecay: 5e-4, Nesterov: true}, 0.1},
		"adam":         {defaults("adam"), 0.01},
		"adamw":        {adamw, 0.01},
		"adagrad":      {defaults("adagrad"), 0.01},
		"adadelta":     {defaults("adadelta"), 1},
		"rmsprop":      {defaults("rmsprop"), 0.01},
	} {
		w := slices.Clone(f.Tensors["start"].Data)
		var state [2][]float32
		for i := range c.rule.State() {
			state[i] = make([]float32, len(w))
		}
		grads, path := f.Tensors["grads"].Data, f.Tensors[name].Data
		for i := 0; i*len(w) < len(grads); i++ {
			u := c.rule.Update(i+1, c.rate)
			u.Apply(w, grads[i*len(w):(i+1)*len(w)], state[0], state[1])
			plantest.Close(t, name, w, path[i*len(w):(i+1)*len(w)], 1e-6)
		}
	}
}

// RMSprop with momentum, which has no reference file: torch.optim.RMSprop(lr=0.1,
// alpha=0.5, eps=0, momentum=0.5) on one weight, worked out by hand.
func TestRMSpropWithMomentum(t *testing.T) {
	rule := optim.RMSprop{Alpha: 0.5, Momentum: 0.5}
	w, s, v := []float32{1}, []float32{0}, []float32{0}
	want := 1.0
	squares, velocity := 0.0, 0.0
	for i, g := range []float64{2, -1, 0.5} {
		u := rule.Update(i+1, 0.1)
		u.Apply(w, []float32{float32(g)}, s, v)
		squares = 0.5*squares + 0.5*g*g
		velocity = 0.5*velocity + g/math.Sqrt(squares)
		want -= 0.1 * velocity
		if math.Abs(float64(w[0])-want) > 1e-6 {
			t.Errorf("step %d: %v, not %v", i+1, w[0], want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, name := range optim.Names() {
		rule, rate, err := optim.New(name)
		if err != nil || rule.Check() != nil || rate <= 0 || len(rule.State()) > 2 {
			t.Errorf("%s: %v, %v, rate %v, state %v", name, err, rule.Check(), rate, rule.State())
		}
	}
	if _, _, err := optim.New("lion"); err == nil || !strings.Contains(err.Error(), "adamw") {
		t.Errorf("lion: %v", err)
	}
	nan := math.NaN()
	for _, rule := range []optim.Rule{
		optim.SGD{Nesterov: true}, optim.SGD{Momentum: 1}, optim.SGD{WeightDecay: -1}, optim.SGD{Momentum: nan},
		optim.Adam{Beta1: 1}, optim.Adam{Beta2: -0.1}, optim.Adam{Epsilon: math.Inf(1)}, optim.AdamW{WeightDecay: nan},
		optim.AdaGrad{Epsilon: -1}, optim.AdaDelta{Rho: 1.5}, optim.RMSprop{Alpha: nan}, optim.RMSprop{Momentum: 2},
	} {
		if err := rule.Check(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%#v: %v", rule, err)
		}
	}
}
