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

// Normalization is an input normalization of pixels in [0,1]: one value a channel, or one for
// all.
type Normalization struct{ Mean, Std []float32 }

// Normalizations are the usual ones by name.
var Normalizations = map[string]Normalization{
	"none":     {[]float32{0}, []float32{1}},
	"cifar10":  {[]float32{0.4914, 0.4822, 0.4465}, []float32{0.2470, 0.2435, 0.2616}},
	"cifar100": {[]float32{0.5071, 0.4865, 0.4409}, []float32{0.2673, 0.2564, 0.2762}},
	"imagenet": {[]float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}},
	"mnist":    {[]float32{0.1307}, []float32{0.3081}},
	"half":     {[]float32{0.5}, []float32{0.5}},
	"bytes":    {[]float32{0}, []float32{1.0 / 255}}, // for models that take pixels in [0,255]
}

// NormalizationNames lists the usual normalizations.
func NormalizationNames() []string { return slices.Sorted(maps.Keys(Normalizations)) }

// classLists are the orders of classes that have a name.
var classLists = map[string][]string{
	"cifar10": {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
}

// SetMean takes numbers, one a channel or one for all, or the name of a usual normalization,
// which gives the deviation as well unless that is given, too.
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

// SetStd is likewise.
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

// parseValues reads "0.49,0.48,0.45", or a name.
func parseValues(text string) ([]float32, *Normalization, error) {
	if n, ok := Normalizations[strings.ToLower(strings.TrimSpace(text))]; ok {
		return nil, &n, nil
	}
	var values []float32
	for word := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(word), 32)
		switch {
		case err != nil && v-v == 0:
			return nil, nil, fmt.Errorf("not a number, and none of %s", strings.Join(NormalizationNames(), ", "))
		case v-v != 0:
			return nil, nil, fmt.Errorf("must be finite")
		}
		if values = append(values, float32(v)); len(values) > 3 {
			return nil, nil, fmt.Errorf("more than three numbers: give one a channel, or one for all")
		}
	}
	return values, nil, nil
}

// SetInput takes "3x32x32": channels, height, width.
func (d *Description) SetInput(text string) error {
	if !parseInput(strings.ReplaceAll(text, "×", "x"), &d.Input) {
		return fmt.Errorf("use channels x height x width, e.g. 3x32x32")
	}
	return nil
}

// maxClassFile bounds a file of names.
const maxClassFile = 1 << 22

// SetClasses takes names in the order of the outputs with commas between them, the name of a
// usual order, how many there are, or a file of one name a line.
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
			return fmt.Errorf("use names with commas between them, a number, %s, or a file of one name a line: %w", strings.Join(slices.Sorted(maps.Keys(classLists)), ", "), err)
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

// SetAssume takes "key=value", several with commas between them, and adds to what was said
// before. What keys and values there are is known once the file is.
func (d *Description) SetAssume(text string) error {
	said := maps.Clone(d.Assume)
	if said == nil {
		said = nets.Choices{}
	}
	for item := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(item, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return fmt.Errorf("use key=value, e.g. stem-pool=max; hfcui model info lists what is assumed of a file")
		}
		if key == nets.InputSize {
			if err := d.SetInput(value); err != nil {
				return err
			}
			continue
		}
		said[key] = value
	}
	d.Assume = said
	return nil
}

// With is d, and where more says something that instead.
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

// complete gives what was said of assumptions its full keys and values, where open is all that
// can be said. Beginnings that fit one only are enough.
func complete(said nets.Choices, open []nets.Assumption) (nets.Choices, error) {
	full := nets.Choices{}
	for _, key := range slices.Sorted(maps.Keys(said)) {
		var keys []string
		for _, a := range open {
			if len(a.Others) > 0 || a.Key == nets.EpsilonKey {
				keys = append(keys, a.Key)
			}
		}
		if len(keys) == 0 {
			return nil, fmt.Errorf("%.40q cannot be assumed: nothing of its network is open", key)
		}
		whole, ok := only(key, keys)
		if !ok {
			return nil, fmt.Errorf("%.40q is not among what is assumed of it: %s", key, strings.Join(keys, ", "))
		}
		a := open[slices.IndexFunc(open, func(a nets.Assumption) bool { return a.Key == whole })]
		value := said[key]
		if len(a.Others) > 0 {
			options := append([]string{a.Value}, a.Others...)
			if value, ok = only(value, options); !ok {
				return nil, fmt.Errorf("%s can be %s, not %.40q", whole, strings.Join(options, ", "), said[key])
			}
		}
		full[whole] = value
	}
	return full, nil
}

// only returns the word, or the only one that begins so.
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

// Flags writes what d says as command-line flags; numbers that have a name by it.
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

// Texts are what SetMean and the others take to say what d says.
type Texts struct{ Mean, Std, Input, Classes, Assume string }

// Texts writes d.
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

// NameOf is the name of a normalization, "" if it has none.
func NameOf(mean, std []float32) string {
	for _, name := range NormalizationNames() {
		n := Normalizations[name]
		if same(mean, n.Mean) && same(std, n.Std) {
			return name
		}
	}
	return ""
}

// same reports whether values a channel are those of b, which may be one for all.
func same(a, b []float32) bool {
	if len(b) == 1 {
		return len(a) > 0 && !slices.ContainsFunc(a, func(v float32) bool { return v != b[0] })
	}
	return slices.Equal(a, b)
}

// numbers writes "0.485,0.456,0.406".
func numbers(values []float32) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.FormatFloat(float64(v), 'g', 4, 32)
	}
	return strings.Join(words, ",")
}
