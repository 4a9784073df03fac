package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/engine/train"
	"hfcui/ui/kit"
)

// recipeFlags adds the flags of the training recipe. The returned function is called after
// parsing; its error is a usage error.
func recipeFlags(flags *pflag.FlagSet, c *train.Config) func() error {
	countVar(flags, &c.Steps, "steps", "", 0, 1, 1<<40, "number of training steps, instead of --epochs")
	choiceVar(flags, &c.Init, "init", "weight initialization", "he", "xavier")
	flags.Var((*milestones)(&c.Milestones), "milestones", "epochs after which --schedule step decays the learning rate")
	flags.Var((*number)(&c.Factor), "factor", "decay factor of --schedule step")

	choiceVar(flags, &c.Input, "input", "training input", train.Whole, train.Low, train.High)
	radiusVar(flags, &c.Radius)
	choiceVar(flags, &c.Normalize, "normalize", "normalization of each training image", "none", "max", "std")
	flags.Var((*number)(&c.Mixup), "mixup", "mixup α: mixing weights from Beta(α, α) (0: off)")

	flags.Var((*number)(&c.LabelNoise), "label-noise", "fraction of training labels replaced by wrong ones, once")
	flags.BoolVar(&c.Balance, "balance-classes", false, "oversample classes to the size of the largest (Label Shuffling)")

	flags.Var((*number)(&c.Dropout), "dropout", "dropout rate before the last fully connected layer")
	flags.BoolVar(&c.FixedNorms, "fixed-norms", false, "keep batch-norm γ at 1 and β at 0")
	return adversarialFlags(flags, c)
}

// adversarialFlags adds those of adversarial training.
func adversarialFlags(flags *pflag.FlagSet, c *train.Config) func() error {
	a := train.PGD(0)
	flags.Var((*fraction)(&a.Epsilon), "adversarial", "adversarial training by PGD with L∞ budget ε, e.g. 8/255; pixels are in [0,1]")
	countVar(flags, &a.Steps, "attack-steps", "", a.Steps, 1, 1000, "number of PGD steps")
	flags.Var((*fraction)(&a.StepSize), "attack-step-size", "step size of PGD (default a tenth of --adversarial)")
	flags.BoolVar(&a.RandomStart, "random-start", false, "start PGD at a random point of the ε-ball")
	countVar(flags, &a.WarmUp, "attack-warm-up", "", 0, 0, 1<<20, "epochs over which ε ramps up from 0")
	choiceVar(flags, &a.BatchNorm, "attack-bn", "statistics that batch norm uses during PGD", "running", "batch")
	return func() error {
		if c.Steps > 0 && !flags.Changed("epochs") {
			c.Epochs = 0
		}
		if flags.Changed("adversarial") {
			if !flags.Changed("attack-step-size") || a.StepSize == 0 {
				a.StepSize = a.Epsilon / 10
			}
			c.Adversarial = a
			return nil
		}
		for _, name := range []string{"attack-steps", "attack-step-size", "random-start", "attack-warm-up", "attack-bn"} {
			if flags.Changed(name) {
				return fmt.Errorf("--%s requires --adversarial", name)
			}
		}
		return nil
	}
}

// fraction is a flag that takes a finite non-negative number, also as 8/255.
type fraction float64

func (f *fraction) Type() string   { return "F" }
func (f *fraction) String() string { return strconv.FormatFloat(float64(*f), 'g', -1, 64) }

func (f *fraction) Set(s string) error {
	v, err := parseFraction(s)
	if err == nil {
		*f = fraction(v)
	}
	return err
}

// parseFraction parses a number, or a quotient of two.
func parseFraction(s string) (float64, error) { return kit.ParseFraction(s, parseNumber) }

// milestones is a flag that takes a list of epochs: 30,60.
type milestones []int

func (m *milestones) Type() string { return "LIST" }
func (m *milestones) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(*m), " ", ","), "[]")
}

func (m *milestones) Set(s string) error {
	*m = nil
	for word := range strings.SplitSeq(s, ",") {
		var epoch int
		if err := (&count{&epoch, 1, 1 << 20}).Set(word); err != nil {
			return err
		}
		*m = append(*m, epoch)
	}
	return nil
}
