package ui

import (
	"fmt"
	"strconv"
	"strings"

	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// moreRows adds the settings that most trainings leave as they are.
func moreRows(c train.Config, row func(name, text string, words []string, take func(*train.Config, string) error)) {
	row("schedule", c.Schedule, []string{"onecycle", "cosine", "step", "constant"}, func(c *train.Config, s string) error { c.Schedule = s; return nil })
	row("milestones", "", nil, func(c *train.Config, s string) (err error) {
		if c.Milestones = nil; c.Schedule == "step" {
			c.Milestones, err = parseEpochs(s)
		}
		return err
	})
	row("momentum", "", nil, optional(func(c *train.Config, v float64) {
		if train.Uses(c.Name, "momentum") {
			c.Momentum, c.Nesterov = v, c.Nesterov && v > 0
		}
	}))
	row("weight decay", "", nil, optional(func(c *train.Config, v float64) { c.WeightDecay = v }))
	row("dropout", "", nil, optional(func(c *train.Config, v float64) { c.Dropout = v }))
	row("mixup α", "", nil, optional(func(c *train.Config, v float64) { c.Mixup = v }))
	row("label noise", "", nil, optional(func(c *train.Config, v float64) { c.LabelNoise = v }))
	row("balance classes", "no", noYes, yes(func(c *train.Config, on bool) { c.Balance = on }))
	row("fixed γ and β", "no", noYes, yes(func(c *train.Config, on bool) { c.FixedNorms = on }))
	row("normalise", c.Normalize, []string{"none", "max", "std"}, func(c *train.Config, s string) error { c.Normalize = s; return nil })
	row("adversarial ε", "", nil, func(c *train.Config, s string) error {
		c.Adversarial = nil
		if s == "" {
			return nil
		}
		epsilon, err := parseFraction(s)
		if err == nil {
			c.Adversarial = train.PGD(epsilon)
		}
		return err
	})
	row("PGD steps", "10", nil, func(c *train.Config, s string) error {
		if c.Adversarial == nil {
			return nil
		}
		return whole(func(c *train.Config, n int) { c.Adversarial.Steps = n })(c, s)
	})
	row("PGD step size", "", nil, func(c *train.Config, s string) (err error) {
		if c.Adversarial != nil && s != "" {
			c.Adversarial.StepSize, err = parseFraction(s)
		}
		return err
	})
	row("random start", "no", noYes, yes(func(c *train.Config, on bool) {
		if c.Adversarial != nil {
			c.Adversarial.RandomStart = on
		}
	}))
	row("images", "", nil, func(c *train.Config, s string) error {
		if c.Limit = 0; s == "" {
			return nil
		}
		return whole(func(c *train.Config, n int) { c.Limit = n })(c, s)
	})
	row("weights from", c.Init, []string{"he", "xavier"}, func(c *train.Config, s string) error { c.Init = s; return nil })
	row("arithmetic", c.DType, plan.DTypes(), func(c *train.Config, s string) error { c.DType = s; return nil })
	row("seed", strconv.FormatUint(c.Seed, 10), nil, func(c *train.Config, s string) error {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return fmt.Errorf("not a whole number")
		}
		c.Seed = n
		return nil
	})
}

var noYes = []string{"no", "yes"}

func yes(set func(*train.Config, bool)) func(*train.Config, string) error {
	return func(c *train.Config, s string) error {
		set(c, s == "yes")
		return nil
	}
}

// optional leaves a setting as it is where nothing is said.
func optional(set func(*train.Config, float64)) func(*train.Config, string) error {
	return func(c *train.Config, s string) error {
		if s == "" {
			return nil
		}
		v, err := parseReal(s)
		if err == nil {
			set(c, v)
		}
		return err
	}
}

// parseFraction reads a number, also as 8/255.
func parseFraction(s string) (float64, error) {
	above, below, divided := strings.Cut(s, "/")
	v, err := parseReal(above)
	if err != nil || !divided {
		return v, err
	}
	d, err := parseReal(below)
	if err == nil && d == 0 {
		err = fmt.Errorf("divides by 0")
	}
	return v / d, err
}

func parseEpochs(s string) (list []int, err error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("not a list of whole numbers")
		}
		list = append(list, n)
	}
	return list, nil
}
