package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/engine/model"
	"hfcui/spectral"
)

// maxListed bounds a list of numbers, each a point of a curve.
const maxListed = 1000

// radius is a flag that takes a distance in the Fourier plane.
type radius float64

func radiusVar(flags *pflag.FlagSet, r *float64) {
	flags.VarP((*radius)(r), "radius", "r", "cutoff radius in the Fourier plane (cycles per image), 0 or more")
}

func (r *radius) Type() string   { return "R" }
func (r *radius) String() string { return strconv.FormatFloat(float64(*r), 'g', -1, 64) }

func (r *radius) Set(s string) error {
	v, err := parseNumber(s)
	*r = radius(v)
	return err
}

// parseNumber parses a finite number, 0 or more. The caller adds the input to the error.
func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("out of range: use a number below 1e308")
	case err != nil:
		return 0, fmt.Errorf("not a number")
	case spectral.CheckRadius(v) != nil:
		return 0, fmt.Errorf("must be finite and 0 or more")
	}
	return v, nil
}

// radii is a flag that takes a list: 4,8,12 or start:stop:step, stop included, or both.
type radii []float64

func radiiVar(flags *pflag.FlagSet, r *[]float64, usage string) {
	flags.VarP((*radii)(r), "radii", "r", usage)
}

func (r *radii) Type() string { return "LIST" }

func (r *radii) String() string { return writeList(*r) }

func (r *radii) Set(s string) error {
	list, err := parseList(s, parseNumber)
	if err == nil {
		*r = list
	}
	return err
}

// values is a flag that takes a list as radii does, its numbers also as 8/255. Duplicates are
// removed.
type values []float64

func (v *values) Type() string   { return "LIST" }
func (v *values) String() string { return writeList(*v) }

func (v *values) Set(s string) error {
	list, err := parseList(s, parseFraction)
	if err != nil {
		return err
	}
	*v = nil
	for _, f := range list {
		if !slices.Contains(*v, f) {
			*v = append(*v, f)
		}
	}
	return nil
}

// writeList is parseList's inverse.
func writeList(list []float64) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strings.Join(words, ",")
}

// parseList reads numbers and ranges of them with commas in between.
func parseList(s string, number func(string) (float64, error)) ([]float64, error) {
	var list []float64
	for item := range strings.SplitSeq(s, ",") {
		values, err := parseRange(item, number)
		if bad := (*badNumber)(nil); errors.As(err, &bad) && bad.typed == s {
			return nil, bad.error // the message starts with it
		}
		if err != nil {
			return nil, err
		}
		if list = append(list, values...); len(list) > maxListed {
			return nil, fmt.Errorf("more than %d numbers", maxListed)
		}
	}
	return list, nil
}

// badNumber is the error of an element of a list that is not a number.
type badNumber struct {
	typed string
	error
}

func (b *badNumber) Error() string { return fmt.Sprintf("%s: %v", quoted(b.typed), b.error) }

// parseRange reads one number, start:stop or start:stop:step.
func parseRange(s string, number func(string) (float64, error)) ([]float64, error) {
	words := strings.Split(s, ":")
	if len(words) > 3 {
		return nil, fmt.Errorf("a range is start:stop:step")
	}
	part := []float64{0, 0, 1}
	for i, w := range words {
		v, err := number(w)
		if err != nil {
			return nil, &badNumber{w, err}
		}
		part[i] = v
	}
	if len(words) == 1 {
		return part[:1], nil
	}
	start, stop, step := part[0], part[1], part[2]
	if step <= 0 || stop < start {
		return nil, fmt.Errorf("empty range: start:stop:step must ascend, with a step above 0")
	}
	// A stop missed only by rounding is included.
	n := math.Floor((stop-start)/step + 1e-9)
	if n >= maxListed {
		return nil, fmt.Errorf("more than %d numbers", maxListed)
	}
	values := make([]float64, int(n)+1)
	for i := range values {
		values[i] = math.Min(asWritten(start+float64(i)*step, step), stop)
	}
	return values, nil
}

// asWritten rounds v as one would write it, 0.3 instead of 0.30000000000000004, so that the same
// number from a list and from a range is equal.
func asWritten(v, step float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	if err != nil || math.Abs(short-v) > 1e-9*step {
		return v
	}
	return short
}

// number is a flag that takes a finite number that is not negative.
type number float64

// smoothingFlags adds --rho, --layer and --divide-gain.
func smoothingFlags(flags *pflag.FlagSet, s *model.Smoothing) {
	flags.Var((*strength)(&s.Rho), "rho", "kernel smoothing strength ρ, 0 or more (default 0: off)")
	layerFlags(flags, s)
}

// layerFlags adds --layer and --divide-gain.
func layerFlags(flags *pflag.FlagSet, s *model.Smoothing) {
	nameVar(flags, &s.Layer, "layer", "", "", "convolution to smooth (default: first)")
	flags.BoolVar(&s.DivideGain, "divide-gain", false, "divide smoothed kernels by their gain, 1+8ρ")
}

// smoothingWords writes a smoothing as "rho 0.5 on layer1.0.conv1, gain-normalized".
func smoothingWords(s model.Smoothing) string {
	text := "rho " + plain(s.Rho)
	if s.Layer != "" && s.Rho > 0 {
		text += " on " + oneLine(model.LayerName(s.Layer))
	}
	if s.DivideGain && s.Rho > 0 {
		text += ", gain-normalized"
	}
	return text
}

func (n *number) Type() string   { return "F" }
func (n *number) String() string { return strconv.FormatFloat(float64(*n), 'g', -1, 64) }

func (n *number) Set(s string) error {
	v, err := parseNumber(s)
	if err == nil {
		*n = number(v)
	}
	return err
}

// strength is a flag that takes a strength of smoothing.
type strength float64

func (s *strength) Type() string   { return "F" }
func (s *strength) String() string { return (*number)(s).String() }

func (s *strength) Set(text string) error {
	v, err := parseNumber(text)
	if err == nil {
		err = model.CheckRho(v)
	}
	if err == nil {
		*s = strength(v)
	}
	return err
}

// count is a flag that takes an integer in a range.
type count struct {
	value    *int
	low, top int
}

func countVar(flags *pflag.FlagSet, p *int, name, short string, value, low, top int, usage string) {
	*p = value
	flags.VarP(&count{p, low, top}, name, short, usage)
}

func (c *count) Type() string   { return "N" }
func (c *count) String() string { return strconv.Itoa(*c.value) }

func (c *count) Set(s string) error {
	v, err := strconv.Atoi(strings.TrimSpace(s)) // clamped if out of range
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("not an integer")
	}
	if v < c.low {
		return fmt.Errorf("must be %d or more", c.low)
	}
	if v > c.top {
		return fmt.Errorf("must be at most %d", c.top)
	}
	*c.value = v
	return nil
}

// name is a flag that takes a name that is not empty.
type name string

func nameVar(flags *pflag.FlagSet, p *string, long, short, value, usage string) {
	*p = value
	flags.VarP((*name)(p), long, short, usage)
}

func (n *name) Type() string   { return "NAME" }
func (n *name) String() string { return string(*n) }

func (n *name) Set(s string) error {
	if s == "" {
		return fmt.Errorf("is empty: use a name, or omit the flag")
	}
	*n = name(s)
	return nil
}

// choice is a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

// choiceVar adds a choice whose default is *p, or the first word.
func choiceVar(flags *pflag.FlagSet, p *string, name, usage string, words ...string) {
	if *p == "" {
		*p = words[0]
	}
	flags.Var(&choice{p, words}, name, usage+": "+strings.Join(words, ", "))
}

func (c *choice) Type() string   { return "WORD" }
func (c *choice) String() string { return *c.value }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("use %s%s", strings.Join(c.words, ", "), didYouMean(s, c.words))
	}
	*c.value = s
	return nil
}
