package train

import (
	"fmt"

	"hfcui/engine/optim"
)

// Optimizer is an optimizer and its hyperparameters. Those it does not have are 0.
type Optimizer struct {
	Name        string  `json:"optimizer"` // one of optim.Names
	Momentum    float64 `json:"momentum"`  // sgd, rmsprop
	Nesterov    bool    `json:"nesterov"`  // of sgd
	WeightDecay float64 `json:"weight_decay"`
	Beta1       float64 `json:"beta1,omitempty"` // of adam and adamw
	Beta2       float64 `json:"beta2,omitempty"`
	Alpha       float64 `json:"alpha,omitempty"` // of rmsprop, and of adadelta, which calls it ρ
	Eps         float64 `json:"eps,omitempty"`   // of all but sgd
}

// Usual returns the default optimizer of a name and its peak learning rate: PyTorch's defaults, and
// for sgd the usual recipe.
func Usual(name string) (Optimizer, float64, error) {
	o := Optimizer{Name: name}
	rule, rate, err := optim.New(name)
	switch r := rule.(type) {
	case optim.SGD:
		o.Momentum, o.Nesterov, o.WeightDecay, rate = 0.9, true, 5e-4, 0.1
	case optim.Adam:
		o.Beta1, o.Beta2, o.Eps, o.WeightDecay = r.Beta1, r.Beta2, r.Epsilon, r.WeightDecay
	case optim.AdamW:
		o.Beta1, o.Beta2, o.Eps, o.WeightDecay = r.Beta1, r.Beta2, r.Epsilon, r.WeightDecay
	case optim.AdaGrad:
		o.Eps, o.WeightDecay = r.Epsilon, r.WeightDecay
	case optim.AdaDelta:
		o.Alpha, o.Eps, o.WeightDecay = r.Rho, r.Epsilon, r.WeightDecay
	case optim.RMSprop:
		o.Alpha, o.Eps, o.Momentum, o.WeightDecay = r.Alpha, r.Epsilon, r.Momentum, r.WeightDecay
	}
	return o, rate, err
}

// Uses reports whether the optimizer of a name has a hyperparameter, by the name of its flag.
func Uses(name, parameter string) bool {
	switch parameter {
	case "momentum":
		return name == "sgd" || name == "rmsprop"
	case "nesterov":
		return name == "sgd"
	case "beta1", "beta2":
		return name == "adam" || name == "adamw"
	case "alpha":
		return name == "rmsprop" || name == "adadelta"
	case "eps":
		return name != "sgd"
	}
	return true
}

// rule returns the rule to train with, or an error in one line.
func (o Optimizer) rule() (optim.Rule, error) {
	rule, _, err := optim.New(o.Name)
	if err != nil {
		return nil, err
	}
	for parameter, given := range map[string]bool{"momentum": o.Momentum != 0, "nesterov": o.Nesterov,
		"beta1": o.Beta1 != 0, "beta2": o.Beta2 != 0, "alpha": o.Alpha != 0, "eps": o.Eps != 0} {
		if given && !Uses(o.Name, parameter) {
			return nil, fmt.Errorf("%s has no %s", o.Name, parameter)
		}
	}
	switch rule.(type) {
	case optim.SGD:
		rule = optim.SGD{Momentum: o.Momentum, WeightDecay: o.WeightDecay, Nesterov: o.Nesterov}
	case optim.Adam:
		rule = optim.Adam{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Eps, WeightDecay: o.WeightDecay}
	case optim.AdamW:
		rule = optim.AdamW{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Eps, WeightDecay: o.WeightDecay}
	case optim.AdaGrad:
		rule = optim.AdaGrad{Epsilon: o.Eps, WeightDecay: o.WeightDecay}
	case optim.AdaDelta:
		rule = optim.AdaDelta{Rho: o.Alpha, Epsilon: o.Eps, WeightDecay: o.WeightDecay}
	case optim.RMSprop:
		rule = optim.RMSprop{Alpha: o.Alpha, Epsilon: o.Eps, Momentum: o.Momentum, WeightDecay: o.WeightDecay}
	}
	return rule, rule.Check()
}
