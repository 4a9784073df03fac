package model

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"hfcui/engine/nets"
	"hfcui/engine/printable"
)

// Normalization is an input normalization of pixels in [0,1]: one value per channel, or one for
// all.
type Normalization struct{ Mean, Std []float32 }

// Normalizations are the common ones by name.
var Normalizations = map[string]Normalization{
	"none":     {[]float32{0}, []float32{1}},
	"cifar10":  {[]float32{0.4914, 0.4822, 0.4465}, []float32{0.2470, 0.2435, 0.2616}},
	"cifar100": {[]float32{0.5071, 0.4865, 0.4409}, []float32{0.2673, 0.2564, 0.2762}},
	"imagenet": {[]float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}},
	"mnist":    {[]float32{0.1307}, []float32{0.3081}},
	"half":     {[]float32{0.5}, []float32{0.5}},
	"bytes":    {[]float32{0}, []float32{1.0 / 255}}, // for models that take pixels in [0,255]
}

// NormalizationNames lists the names of Normalizations.
func NormalizationNames() []string { return slices.Sorted(maps.Keys(Normalizations)) }

// classLists are the class names of common datasets, in output order.
var classLists = map[string][]string{
	"cifar10": {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
}

// SetMean parses comma-separated numbers, one per channel or one for all, or the name of a
// normalization, which also sets Std unless SetStd was given.
func (d *Description) SetMean(text string) error {
	values, named, err := parseValues(text)
	if err != nil {
		return err
	}
	if d.Mean, d.meanGiven = values, true; named != nil {
		d.Mean = named.Mean
		if !d.stdGiven {
			d.Std = named.Std
		}
	}
	return nil
}

// SetStd is SetMean for the standard deviation.
func (d *Description) SetStd(text string) error {
	values, named, err := parseValues(text)
	if err != nil {
		return err
	}
	if d.Std, d.stdGiven = values, true; named != nil {
		d.Std = named.Std
		if !d.meanGiven {
			d.Mean = named.Mean
		}
	}
	return nil
}

// parseValues parses "0.49,0.48,0.45", or the name of a normalization.
func parseValues(text string) ([]float32, *Normalization, error) {
	if n, ok := Normalizations[strings.ToLower(strings.TrimSpace(text))]; ok {
		return nil, &n, nil
	}
	var values []float32
	for word := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(word), 32)
		switch {
		case err != nil && v-v == 0:
			return nil, nil, fmt.Errorf("not a number or one of %s", strings.Join(NormalizationNames(), ", "))
		case v-v != 0:
			return nil, nil, fmt.Errorf("must be finite")
		}
		if values = append(values, float32(v)); len(values) > 3 {
			return nil, nil, fmt.Errorf("more than three values: give one per channel, or one for all")
		}
	}
	return values, nil, nil
}

// SetInput parses "3x32x32": channels, height, width.
func (d *Description) SetInput(text string) error {
	if !parseInput(strings.ReplaceAll(text, "×", "x"), &d.Input) {
		return fmt.Errorf("use channels x height x width, e.g. 3x32x32")
	}
	return nil
}

// maxClassFile is the size limit of a file of class names, in bytes.
const maxClassFile = 1 << 22

// SetClasses parses comma-separated names in output order, the name of a class list, the number
// of classes, or the path of a file with one name per line.
func (d *Description) SetClasses(text string) error {
	d.Classes, d.Outputs = nil, 0
	if list, ok := classLists[strings.ToLower(text)]; ok {
		d.Classes = list
		return nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 {
			return fmt.Errorf("must be 1 or more")
		}
		d.Outputs = n
		return nil
	}
	words := strings.Split(text, ",")
	if len(words) == 1 {
		f, err := os.Open(text)
		if err != nil {
			return fmt.Errorf("use comma-separated names, a number, %s, or a file with one name per line: %w", strings.Join(slices.Sorted(maps.Keys(classLists)), ", "), err)
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxClassFile))
		if err != nil {
			return err
		}
		words = strings.Split(strings.TrimSpace(string(b)), "\n")
	}
	for _, word := range words {
		name := printable.Line(strings.TrimSpace(word))
		if name == "" {
			return fmt.Errorf("name %d is empty", len(d.Classes)+1)
		}
		d.Classes = append(d.Classes, name)
	}
	return nil
}

// SetAssume parses comma-separated "key=value" pairs and adds them to earlier ones. Keys and
// values are validated when the file is read, since they depend on its network.
func (d *Description) SetAssume(text string) error {
	given := maps.Clone(d.Assume)
	if given == nil {
		given = nets.Choices{}
	}
	for item := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(item, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return fmt.Errorf("use key=value, e.g. stem-pool=max; hfcui model info lists a file's assumptions")
		}
		if key == nets.InputSize {
			if err := d.SetInput(value); err != nil {
				return err
			}
			continue
		}
		given[key] = value
	}
	d.Assume = given
	return nil
}

// With returns d overridden by the fields that more sets.
func (d Description) With(more Description) Description {
	if more.Mean != nil {
		d.Mean, d.meanGiven = more.Mean, more.meanGiven
	}
	if more.Std != nil {
		d.Std, d.stdGiven = more.Std, more.stdGiven
	}
	d.BGR = d.BGR != more.BGR
	if more.Input != [3]int{} {
		d.Input = more.Input
	}
	if len(more.Assume) > 0 {
		assume := nets.Choices{}
		maps.Copy(assume, d.Assume)
		maps.Copy(assume, more.Assume)
		d.Assume = assume
	}
	return d
}

// complete expands abbreviated keys and values to those of the open assumptions. A unique prefix
// is enough.
func complete(given nets.Choices, open []nets.Assumption) (nets.Choices, error) {
	full := nets.Choices{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		var keys []string
		for _, a := range open {
			if len(a.Others) > 0 || a.Key == nets.EpsilonKey {
				keys = append(keys, a.Key)
			}
		}
		if len(keys) == 0 {
			return nil, fmt.Errorf("no assumption %.40q: the file fully specifies the network", key)
		}
		whole, ok := only(key, keys)
		if !ok {
			return nil, fmt.Errorf("unknown assumption %.40q: use one of %s", key, strings.Join(keys, ", "))
		}
		a := open[slices.IndexFunc(open, func(a nets.Assumption) bool { return a.Key == whole })]
		value := given[key]
		if len(a.Others) > 0 {
			options := append([]string{a.Value}, a.Others...)
			if value, ok = only(value, options); !ok {
				return nil, fmt.Errorf("%s must be one of %s, not %.40q", whole, strings.Join(options, ", "), given[key])
			}
		}
		if _, twice := full[whole]; twice {
			return nil, fmt.Errorf("%s is given twice, once abbreviated", whole)
		}
		full[whole] = value
	}
	return full, nil
}

// only returns the word equal to begin, or the only one with that prefix.
func only(begin string, words []string) (string, bool) {
	if slices.Contains(words, begin) {
		return begin, true
	}
	fit := ""
	for _, w := range words {
		if strings.HasPrefix(w, begin) {
			if fit != "" {
				return "", false
			}
			fit = w
		}
	}
	return fit, fit != ""
}

// Flags formats d as command-line flags, with normalizations by name where they have one.
func (d Description) Flags() string {
	var words []string
	name := NameOf(d.Mean, d.Std)
	switch {
	case name != "":
		words = append(words, "--mean "+name)
	case d.Mean != nil || d.Std != nil:
		words = append(words, "--mean "+cmp.Or(numbers(d.Mean), "0"), "--std "+cmp.Or(numbers(d.Std), "1"))
	}
	if d.BGR {
		words = append(words, "--bgr")
	}
	if d.Input != [3]int{} {
		words = append(words, fmt.Sprintf("--input %dx%dx%d", d.Input[0], d.Input[1], d.Input[2]))
	}
	for _, key := range slices.Sorted(maps.Keys(d.Assume)) {
		words = append(words, "--assume "+key+"="+d.Assume[key])
	}
	return strings.Join(words, " ")
}

// Texts are the arguments of SetMean and the other setters that reproduce a Description.
type Texts struct{ Mean, Std, Input, Classes, Assume string }

// Texts formats d.
func (d Description) Texts() Texts {
	t := Texts{Mean: NameOf(d.Mean, d.Std)}
	if t.Mean == "" {
		t.Mean, t.Std = numbers(d.Mean), numbers(d.Std)
	}
	if d.Input != [3]int{} {
		t.Input = fmt.Sprintf("%dx%dx%d", d.Input[0], d.Input[1], d.Input[2])
	}
	if t.Classes = strings.Join(d.Classes, ","); d.Outputs > 0 {
		t.Classes = strconv.Itoa(d.Outputs)
	}
	var words []string
	for _, key := range slices.Sorted(maps.Keys(d.Assume)) {
		words = append(words, key+"="+d.Assume[key])
	}
	t.Assume = strings.Join(words, ",")
	return t
}

// NameOf returns the name of a normalization, "" if it has none.
func NameOf(mean, std []float32) string {
	for _, name := range NormalizationNames() {
		n := Normalizations[name]
		if same(mean, n.Mean) && same(std, n.Std) {
			return name
		}
	}
	return ""
}

// same reports whether per-channel values equal b, which may hold one value for all channels.
func same(a, b []float32) bool {
	if len(b) == 1 {
		return len(a) > 0 && !slices.ContainsFunc(a, func(v float32) bool { return v != b[0] })
	}
	return slices.Equal(a, b)
}

// numbers formats values as "0.485,0.456,0.406".
func numbers(values []float32) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.FormatFloat(float64(v), 'g', 4, 32)
	}
	return strings.Join(words, ",")
}
