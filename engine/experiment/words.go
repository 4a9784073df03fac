package experiment

import (
	"fmt"
	"strconv"
	"strings"
)

// Describe returns the properties common to all settings, and those specific to each:
// "resnet8-nobn, 8 epochs, …".
func (p Plan) Describe() (common string, specific []string) {
	var shared []string
	words := make([][]string, len(p.Settings))
	for i, s := range p.Settings {
		words[i] = s.words()
	}
	specific = make([]string, len(p.Settings))
	differ := make([][]string, len(p.Settings))
	for k := range len(new(Setting).words()) {
		same := true
		for i := range words {
			same = same && words[i][k] == words[0][k]
		}
		for i := range words {
			switch {
			case words[i][k] == "":
			case !same:
				differ[i] = append(differ[i], words[i][k])
			case i == 0:
				shared = append(shared, words[i][k])
			}
		}
	}
	for i := range differ {
		specific[i] = strings.Join(differ[i], ", ")
	}
	return strings.Join(shared, ", "), specific
}

// words describes a setting, one property per element; "" if not applicable.
func (s Setting) words() []string {
	c := s.Config
	given := func(is bool, format string, args ...any) string {
		if !is {
			return ""
		}
		return fmt.Sprintf(format, args...)
	}
	images := "all images"
	if c.Limit > 0 {
		images = strconv.Itoa(c.Limit) + " images"
	}
	on := c.Input
	if c.Radius > 0 {
		on += " r = " + number(c.Radius)
	}
	return []string{
		c.Net, images, strconv.Itoa(c.Epochs) + " epochs", "batch " + strconv.Itoa(c.Batch),
		c.Optimizer.Name + " " + number(c.LearningRate), c.Schedule, "init " + c.Init,
		"on " + on, "normalize " + c.Normalize,
		given(c.Crop > 0, "crop %d", c.Crop), given(c.Flip, "flip"),
		given(c.ShuffleLabels, "labels shuffled"), given(c.LabelNoise > 0, "label noise %.3g", c.LabelNoise),
		given(c.Balance, "classes balanced"), given(c.Dropout > 0, "dropout %.3g", c.Dropout),
		given(c.Mixup > 0, "mixup %.3g", c.Mixup), given(c.FixedNorms, "γ = 1, β = 0"), s.attack(),
	}
}

// attack describes adversarial training; "" without.
func (s Setting) attack() string {
	a := s.Config.Adversarial
	if a == nil {
		return ""
	}
	text := fmt.Sprintf("PGD ε = %.3g, %d steps", a.Epsilon, a.Steps)
	if a.WarmUp > 0 {
		text += fmt.Sprintf(", warm-up over %d epochs", a.WarmUp)
	}
	return text
}

// extras describes training options other than images and labels.
func (s Setting) extras() []string {
	var list []string
	for _, text := range s.words()[9:] {
		if text != "" && text != "labels shuffled" {
			list = append(list, text)
		}
	}
	return list
}

// Shown formats the estimate of a part: "0.123 ± 0.004".
func (d PartVerdict) Shown() string { return shown(d.Mean, d.Half) }
