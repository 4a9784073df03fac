package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/engine/train"
)

// recipeFlags adds what is trained on and how. What it returns is to be called once the
// command line is read; its error is one of usage.
func recipeFlags(flags *pflag.FlagSet, c *train.Config) func() error {
	countVar(flags, &c.Steps, "steps", "", 0, 1, 1<<40, "how many steps to train, instead of --epochs")
	choiceVar(flags, &c.Init, "init", "how weights start", "he", "xavier")
	flags.Var((*milestones)(&c.Milestones), "milestones", "epochs after which --schedule step lowers the learning rate")
	flags.Var((*number)(&c.Factor), "factor", "what --schedule step multiplies the learning rate by")

	choiceVar(flags, &c.Input, "input", "what of the images is trained on", train.Whole, train.Low, train.High)
	radiusVar(flags, &c.Radius)
	choiceVar(flags, &c.Normalize, "normalize", "what is done to every training image", "none", "max", "std")
	flags.Var((*number)(&c.Mixup), "mixup", "mix pairs of images, with shares from Beta(α, α) for this α; 0 mixes none")

	flags.Var((*number)(&c.LabelNoise), "label-noise", "share of the training labels that are made wrong, once")
	flags.BoolVar(&c.Balance, "balance-classes", false, "show every class as often as the largest (Label Shuffling)")

	flags.Var((*number)(&c.Dropout), "dropout", "share dropped before the last fully connected layer")
	flags.BoolVar(&c.FixedNorms, "fixed-norms", false, "batch norm's γ stays 1 and its β 0")
	return adversarialFlags(flags, c)
}

// adversarialFlags adds those of adversarial training.
func adversarialFlags(flags *pflag.FlagSet, c *train.Config) func() error {
	a := train.PGD(0)
	flags.Var((*fraction)(&a.Epsilon), "adversarial", "train on what PGD finds within so much of every pixel, such as 8/255; pixels are 0 to 1")
	countVar(flags, &a.Steps, "attack-steps", "", a.Steps, 1, 1000, "steps of PGD")
	flags.Var((*fraction)(&a.StepSize), "attack-step-size", "size of PGD's steps; 0 is a tenth of --adversarial")
	flags.BoolVar(&a.RandomStart, "random-start", false, "start PGD from anywhere instead of the image")
	countVar(flags, &a.WarmUp, "attack-warm-up", "", 0, 0, 1<<20, "epochs over which --adversarial grows from 0")
	choiceVar(flags, &a.BatchNorm, "attack-bn", "batch-norm statistics under PGD", "running", "batch")
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
				return fmt.Errorf("--%s needs --adversarial", name)
			}
		}
		return nil
	}
}

// fraction is a flag that takes a finite number that is not negative, also as 8/255.
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

// parseFraction reads what parseNumber does, and the quotient of two.
func parseFraction(s string) (float64, error) {
	above, below, divided := strings.Cut(s, "/")
	v, err := parseNumber(above)
	if err != nil || !divided {
		return v, err
	}
	d, err := parseNumber(below)
	switch {
	case err != nil:
		return 0, err
	case d == 0:
		return 0, fmt.Errorf("divides by 0")
	}
	return v / d, nil
}

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
