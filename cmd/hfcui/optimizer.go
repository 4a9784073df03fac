package main

import (
	"github.com/spf13/pflag"

	"hfcui/engine/train"
)

// optimizerFlags adds the optimizers' hyperparameters. Those not given take the selected
// optimizer's defaults.
func optimizerFlags(flags *pflag.FlagSet, o *train.Optimizer) {
	flags.Var((*number)(&o.Momentum), "momentum", "momentum (sgd, rmsprop), in [0, 1)")
	flags.BoolVar(&o.Nesterov, "nesterov", o.Nesterov, "Nesterov momentum (sgd)")
	flags.Var((*number)(&o.WeightDecay), "weight-decay", "weight decay")
	flags.Var((*number)(&o.Beta1), "beta1", "decay rate of the first moment (adam, adamw; default 0.9)")
	flags.Var((*number)(&o.Beta2), "beta2", "decay rate of the second moment (adam, adamw; default 0.999)")
	flags.Var((*number)(&o.Alpha), "alpha", "decay rate of the squared gradient (rmsprop: default 0.99; adadelta: 0.9)")
	flags.Var((*number)(&o.Eps), "eps", "optimizer epsilon, added to denominators (all but sgd)")
}

// fillOptimizer fills in defaults and rejects hyperparameters the optimizer does not have.
func fillOptimizer(flags *pflag.FlagSet, c *train.Config) error {
	usual, rate, err := train.Usual(c.Optimizer.Name)
	if err != nil {
		return err
	}
	given := c.Optimizer
	for _, p := range []struct {
		flag       string
		value, set *float64
	}{
		{"lr", &c.LearningRate, &rate},
		{"momentum", &given.Momentum, &usual.Momentum}, {"weight-decay", &given.WeightDecay, &usual.WeightDecay},
		{"beta1", &given.Beta1, &usual.Beta1}, {"beta2", &given.Beta2, &usual.Beta2},
		{"alpha", &given.Alpha, &usual.Alpha}, {"eps", &given.Eps, &usual.Eps},
	} {
		if !flags.Changed(p.flag) {
			continue
		}
		if !train.Uses(c.Optimizer.Name, p.flag) {
			return usagef("--%s does not apply to --optimizer %s", p.flag, c.Optimizer.Name)
		}
		*p.set = *p.value
	}
	switch {
	case flags.Changed("nesterov") && !train.Uses(c.Optimizer.Name, "nesterov"):
		return usagef("--nesterov does not apply to --optimizer %s", c.Optimizer.Name)
	case flags.Changed("nesterov"):
		usual.Nesterov = given.Nesterov
	case usual.Momentum == 0:
		usual.Nesterov = false // there is nothing to look ahead with
	}
	c.Optimizer, c.LearningRate = usual, rate
	return nil
}
