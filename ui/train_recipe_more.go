package ui

import (
	"fmt"
	"strconv"

	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// moreRows are the settings that most trainings leave as they are.
func moreRows(c train.Config) []formRow[train.Config] {
	type config = train.Config
	stepped := func(f *form[config]) bool { return f.text("schedule") == "step" }
	moving := func(f *form[config]) bool { return train.Uses(f.text("optimizer"), "momentum") }
	attacked := func(f *form[config]) bool { return f.text("adversarial ε") != "" }
	rows := []formRow[config]{
		{name: "schedule", words: []string{"onecycle", "cosine", "step", "constant"}, field: field{text: c.Schedule},
			take: word(func(c *config, s string) { c.Schedule, c.Milestones = s, nil })},
		{name: "milestones", hint: "epochs after which the rate falls: 30,60", means: stepped, take: func(c *config, s string) (err error) {
			c.Milestones, err = parseWholes(s)
			return err
		}},
		{name: "momentum", hint: "the optimizer's usual one", means: moving, take: optional(decimal(parseReal, func(c *config, v float64) {
			c.Momentum, c.Nesterov = v, c.Nesterov && v > 0
		}))},
		{name: "weight decay", hint: "the optimizer's usual one", take: optional(decimal(parseReal, func(c *config, v float64) { c.WeightDecay = v }))},
		{name: "dropout", hint: "none", take: optional(decimal(parseReal, func(c *config, v float64) { c.Dropout = v }))},
		{name: "mixup α", hint: "none", take: optional(decimal(parseReal, func(c *config, v float64) { c.Mixup = v }))},
		{name: "label noise", hint: "none: share of labels made wrong", take: optional(decimal(parseReal, func(c *config, v float64) { c.LabelNoise = v }))},
		{name: "balance classes", words: noYes, field: field{text: "no"}, take: yes(func(c *config, on bool) { c.Balance = on })},
		{name: "fixed γ and β", words: noYes, field: field{text: "no"}, take: yes(func(c *config, on bool) { c.FixedNorms = on })},
		{name: "normalise", words: []string{"none", "max", "std"}, field: field{text: c.Normalize}, take: word(func(c *config, s string) { c.Normalize = s })},
		{name: "adversarial ε", hint: "none; of [0,1], such as 8/255", take: func(c *config, s string) error {
			c.Adversarial = nil
			return optional(decimal(parseEpsilon, func(c *config, v float64) { c.Adversarial = train.PGD(v) }))(c, s)
		}},
		{name: "PGD steps", field: field{text: "10"}, means: attacked, take: whole(func(c *config, n int) { c.Adversarial.Steps = n })},
		{name: "PGD step size", hint: "a tenth of ε", means: attacked, take: optional(decimal(parseEpsilon, func(c *config, v float64) { c.Adversarial.StepSize = v }))},
		{name: "random start", words: noYes, field: field{text: "no"}, means: attacked, take: yes(func(c *config, on bool) { c.Adversarial.RandomStart = on })},
		{name: "images", hint: "all", take: func(c *config, s string) error {
			c.Limit = 0
			return optional(whole(func(c *config, n int) { c.Limit = n }))(c, s)
		}},
		{name: "weights from", words: []string{"he", "xavier"}, field: field{text: c.Init}, take: word(func(c *config, s string) { c.Init = s })},
		{name: "arithmetic", words: plan.DTypes(), field: field{text: c.DType}, take: word(func(c *config, s string) { c.DType = s })},
		{name: "seed", field: field{text: strconv.FormatUint(c.Seed, 10)}, take: func(c *config, s string) error {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return fmt.Errorf("not a whole number")
			}
			c.Seed = n
			return nil
		}},
	}
	for i := range rows {
		rows[i].listed = func(f *form[config]) bool { return f.text(rowMore) == moreShown }
	}
	return rows
}
