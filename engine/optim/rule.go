// Package optim defines optimizers as PyTorch does. A Rule holds the hyperparameters and returns
// for every step an Update: a formula and its constants, which a device applies to all weights.
package optim

import (
	"fmt"
	"math"
	"strings"
)

// Rule is an optimizer. Rules are stateless values: State names the arrays of optimizer state,
// which the caller stores with the weights.
type Rule interface {
	// Check returns an error, in one line, unless the hyperparameters are valid.
	Check() error
	// State names the arrays of state, at most two, of the size of the weights and initially 0.
	State() []string
	// Update returns the update of a step, counted from 1, at a learning rate.
	Update(step int, rate float64) Update
}

// Names lists the names of the rules.
func Names() []string {
	return []string{"sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop"}
}

// Title returns a name as it is written in the literature: "SGD".
func Title(name string) string {
	for _, title := range []string{"SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "RMSprop"} {
		if strings.EqualFold(title, name) {
			return title
		}
	}
	return name
}

// New returns the rule of that name with PyTorch's default hyperparameters and learning rate.
func New(name string) (rule Rule, rate float64, err error) {
	switch name {
	case "sgd":
		return SGD{}, 1e-3, nil
	case "adam":
		return Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, 1e-3, nil
	case "adamw":
		return AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}, 1e-3, nil
	case "adagrad":
		return AdaGrad{Epsilon: 1e-10}, 1e-2, nil
	case "adadelta":
		return AdaDelta{Rho: 0.9, Epsilon: 1e-6}, 1, nil
	case "rmsprop":
		return RMSprop{Alpha: 0.99, Epsilon: 1e-8}, 1e-2, nil
	}
	return nil, 0, fmt.Errorf("unknown optimizer %q: use one of %s", name, strings.Join(Names(), ", "))
}

// share returns an error unless 0 ≤ v < 1.
func share(what string, v float64) error {
	if !(v >= 0 && v < 1) {
		return fmt.Errorf("%s %v: use at least 0 and below 1", what, v)
	}
	return nil
}

// amount returns an error unless v is finite and at least 0.
func amount(what string, v float64) error {
	if !(v >= 0 && v <= math.MaxFloat32) {
		return fmt.Errorf("%s %v: use a finite number, 0 or more", what, v)
	}
	return nil
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
