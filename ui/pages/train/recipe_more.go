package train

import (
	"fmt"
	"strconv"

	"hfcui/engine/plan"
	"hfcui/engine/train"
	"hfcui/ui/kit"
)

// moreRows returns the less common settings.
func moreRows(c train.Config) []kit.FormRow[train.Config] {
	type config = train.Config
	stepped := func(f *kit.Form[config]) bool { return f.Text("LR schedule") == "step" }
	moving := func(f *kit.Form[config]) bool { return train.Uses(f.Text("optimizer"), "momentum") }
	attacked := func(f *kit.Form[config]) bool { return f.Text("adversarial ε") != "" }
	rows := []kit.FormRow[config]{
		{Name: "LR schedule", Words: []string{"onecycle", "cosine", "step", "constant"}, Field: kit.Field{Text: c.Schedule},
			Take: kit.Word(func(c *config, s string) { c.Schedule, c.Milestones = s, nil })},
		{Name: "LR milestones", Hint: "epochs of LR decay, e.g. 30,60", Means: stepped, Take: func(c *config, s string) (err error) {
			c.Milestones, err = kit.ParseWholes(s)
			return err
		}},
		{Name: "momentum", Hint: "optimizer default", Means: moving, Take: kit.Optional(kit.Decimal(kit.ParseReal, func(c *config, v float64) {
			c.Momentum, c.Nesterov = v, c.Nesterov && v > 0
		}))},
		{Name: "weight decay", Hint: "optimizer default", Take: kit.Optional(kit.Decimal(kit.ParseReal, func(c *config, v float64) { c.WeightDecay = v }))},
		{Name: "dropout", Hint: "none", Take: kit.Optional(kit.Decimal(kit.ParseReal, func(c *config, v float64) { c.Dropout = v }))},
		{Name: "mixup α", Hint: "none", Take: kit.Optional(kit.Decimal(kit.ParseReal, func(c *config, v float64) { c.Mixup = v }))},
		{Name: "label noise", Hint: "none; fraction of wrong labels", Take: kit.Optional(kit.Decimal(kit.ParseReal, func(c *config, v float64) { c.LabelNoise = v }))},
		{Name: "balance classes", Words: kit.NoYes, Field: kit.Field{Text: "no"}, Take: kit.Yes(func(c *config, on bool) { c.Balance = on })},
		{Name: "fixed γ and β", Words: kit.NoYes, Field: kit.Field{Text: "no"}, Take: kit.Yes(func(c *config, on bool) { c.FixedNorms = on })},
		{Name: "normalize", Words: []string{"none", "max", "std"}, Field: kit.Field{Text: c.Normalize}, Take: kit.Word(func(c *config, s string) { c.Normalize = s })},
		{Name: "adversarial ε", Hint: "none; pixels in [0,1], e.g. 8/255", Take: func(c *config, s string) error {
			c.Adversarial = nil
			return kit.Optional(kit.Decimal(kit.ParseEpsilon, func(c *config, v float64) { c.Adversarial = train.PGD(v) }))(c, s)
		}},
		{Name: "PGD steps", Field: kit.Field{Text: "10"}, Means: attacked, Take: kit.Whole(func(c *config, n int) { c.Adversarial.Steps = n })},
		{Name: "PGD step size", Hint: "a tenth of ε", Means: attacked, Take: kit.Optional(kit.Decimal(kit.ParseEpsilon, func(c *config, v float64) { c.Adversarial.StepSize = v }))},
		{Name: "random start", Words: kit.NoYes, Field: kit.Field{Text: "no"}, Means: attacked, Take: kit.Yes(func(c *config, on bool) { c.Adversarial.RandomStart = on })},
		{Name: rowImages, Hint: "all", Take: func(c *config, s string) error {
			c.Limit = 0
			return kit.Optional(kit.Whole(func(c *config, n int) { c.Limit = n }))(c, s)
		}},
		{Name: "weight init", Means: fromScratch, Words: []string{"he", "xavier"}, Field: kit.Field{Text: c.Init}, Take: kit.Word(func(c *config, s string) { c.Init = s })},
		{Name: "data type", Words: plan.DTypes(), Field: kit.Field{Text: c.DType}, Take: kit.Word(func(c *config, s string) { c.DType = s })},
		{Name: "keep checkpoints", Hint: "last only; or up to N epochs", Take: kit.Optional(kit.Whole(func(c *config, n int) { c.Keep = n }))},
		{Name: "seed", Field: kit.Field{Text: strconv.FormatUint(c.Seed, 10)}, Take: func(c *config, s string) error {
			n, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				return fmt.Errorf("not an integer")
			}
			c.Seed = n
			return nil
		}},
	}
	for i := range rows {
		rows[i].Listed = func(f *kit.Form[config]) bool { return f.Text(rowMore) == moreShown }
	}
	return rows
}
