// Package optim has the rules by which weights follow their gradients, as PyTorch defines
// them. A Rule knows its hyperparameters and makes of them, step by step, an Update: a
// formula and its constants, which a device carries out over all weights.
package optim

import (
	"fmt"
	"math"
	"strings"
)

// Rule is a way of changing weights by their gradients. Rules are values: what they keep
// from step to step lies in arrays beside the weights, which State names.
type Rule interface {
	// Check says in one line what is wrong with the hyperparameters.
	Check() error
	// State names the arrays kept for every weight, at most two, which are 0 at the start.
	State() []string
	// Update gives the update of a step, counted from 1, at a learning rate.
	Update(step int, rate float64) Update
}

// Names lists the rules by the names New knows.
func Names() []string {
	return []string{"sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop"}
}

// New gives the rule of that name with PyTorch's defaults, and PyTorch's default learning
// rate.
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

// share is an error unless v is from 0 to below 1.
func share(what string, v float64) error {
	if !(v >= 0 && v < 1) {
		return fmt.Errorf("%s %v: use 0 to below 1", what, v)
	}
	return nil
}

// amount is an error unless v is finite and not negative.
func amount(what string, v float64) error {
	if !(v >= 0 && v <= math.MaxFloat32) {
		return fmt.Errorf("%s %v: use a finite number, 0 or more", what, v)
	}
	return nil
}

// first gives the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
