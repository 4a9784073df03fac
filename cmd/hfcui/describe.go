package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// describeFlags adds the flags that describe a model file, the same on every command that opens
// one.
func describeFlags(flags *pflag.FlagSet, d *model.Description) {
	netVar(flags, &d.Net, "expected architecture")
	meanStdFlags(flags, d)
	flags.BoolVar(&d.BGR, "bgr", false, "input channels in BGR order; so are --mean and --std")
	textFlag(flags, "input", "CxHxW", "input size of the model, e.g. 3x32x32", d.SetInput)
	textFlag(flags, "classes", "LIST", "class names in output order: a,b,c, a file with one per line, cifar10, or the number of classes", d.SetClasses)
	textFlag(flags, "assume", "KEY=VALUE", "assumption about the network, e.g. stem-pool=max; repeatable; see hfcui model info", d.SetAssume)
}

// meanStdFlags adds the flags of a model's input normalization.
func meanStdFlags(flags *pflag.FlagSet, d *model.Description) {
	names := strings.Join(model.NormalizationNames(), ", ")
	textFlag(flags, "mean", "LIST", "mean of pixels in [0,1], one per channel or one for all, or "+names, d.SetMean)
	textFlag(flags, "std", "LIST", "standard deviation of pixels in [0,1], as for --mean", d.SetStd)
}

// textFlag adds a flag that is parsed by set.
func textFlag(flags *pflag.FlagSet, name, kind, usage string, set func(string) error) {
	flags.Var(&textValue{kind: kind, set: set}, name, usage)
}

type textValue struct {
	text, kind string
	set        func(string) error
}

func (v *textValue) Type() string   { return v.kind }
func (v *textValue) String() string { return v.text }

func (v *textValue) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("empty: give a value, or omit the flag")
	}
	err := v.set(text)
	if err == nil {
		v.text = text
	}
	return err
}

// checkModel checks the assumptions about the open model against labels, and reports on standard
// error what is clearly better, or that nothing could be checked.
func checkModel(ctx context.Context, l *lab.Lab) (lab.Reading, error) {
	line := newProgress()
	r, err := l.Check(ctx, func(n int) { line.set("checking assumptions about the model, %s", kit.Counted(n, "evaluation")) })
	line.clear()
	switch {
	case err != nil:
		return r, err
	case r.Result.String() != "":
		sayNote(r.Result.String())
	case r.Unchecked():
		sayNote(lab.Unverified)
	}
	return r, nil
}

// sayUnchecked prints that note for commands that have no labels.
func sayUnchecked(m *model.Model) lab.Reading {
	r := lab.Reading{Reading: m.Reading()}
	if r.Unchecked() {
		sayNote(lab.Unverified)
	}
	return r
}

// readingLines prints how the model was interpreted, below a table's first line.
func readingLines(w io.Writer, r lab.Reading) {
	for _, line := range r.Lines() {
		fmt.Fprintln(w, oneLine(line))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note: "+oneLine(note))
	}
}

// withReading adds the keys of a reading to a report's JSON.
func withReading(report any, r lab.Reading) any { return lab.Document{Report: report, Reading: r} }
