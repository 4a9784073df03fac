package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/engine/lab"
	"hfcui/engine/model"
)

// describeFlags adds what can be said about a model's file, the same on every command that
// opens one.
func describeFlags(flags *pflag.FlagSet, d *model.Description) {
	netVar(flags, &d.Net, "expected architecture")
	names := strings.Join(model.NormalizationNames(), ", ")
	said(flags, "mean", "LIST", "mean of pixels in [0,1], one per channel or one for all, or "+names, d.SetMean)
	said(flags, "std", "LIST", "standard deviation of pixels in [0,1], likewise", d.SetStd)
	flags.BoolVar(&d.BGR, "bgr", false, "the model takes blue first; --mean and --std are in that order, too")
	said(flags, "input", "CxHxW", "input size of the model, e.g. 3x32x32", d.SetInput)
	said(flags, "classes", "LIST", "class names in output order: a,b,c, a file of one per line, cifar10, or their number", d.SetClasses)
	said(flags, "assume", "KEY=VALUE", "what the file does not tell, e.g. stem-pool=max; repeatable; see hfcui model info", d.SetAssume)
}

// said adds a flag whose text is taken over at once.
func said(flags *pflag.FlagSet, name, kind, usage string, set func(string) error) {
	flags.Var(&saidValue{kind: kind, set: set}, name, usage)
}

type saidValue struct {
	text, kind string
	set        func(string) error
}

func (s *saidValue) Type() string   { return s.kind }
func (s *saidValue) String() string { return s.text }

func (s *saidValue) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("is empty: give a value, or omit the flag")
	}
	err := s.set(text)
	if err == nil {
		s.text = text
	}
	return err
}

// checkModel holds what is assumed of the open model against labels, and says on standard error
// what is clearly better, or that there was nothing to check it with.
func checkModel(ctx context.Context, l *lab.Lab) (lab.Reading, error) {
	line := newProgress()
	r, err := l.Check(ctx, func(n int) { line.set("checking what is assumed of the model, %s", plural(n, "evaluation")) })
	line.clear()
	switch {
	case err != nil:
		return r, err
	case r.Result.String() != "":
		sayNote(r.Result.String())
	case r.Unchecked():
		sayNote(unchecked)
	}
	return r, nil
}

// unchecked is said where nothing tells whether a model was read right.
const unchecked = "what is assumed of the model was not checked against labels"

// sayUnchecked says so for commands that have no labels.
func sayUnchecked(m *model.Model) lab.Reading {
	r := lab.Reading{Reading: m.Reading()}
	if r.Unchecked() {
		sayNote(unchecked)
	}
	return r
}

// readingLines writes how the model was read below a table's first line.
func readingLines(w io.Writer, r lab.Reading) {
	for _, line := range r.Lines() {
		fmt.Fprintln(w, oneLine(line))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note: "+oneLine(note))
	}
}

// withReading is a report whose JSON has the keys of a reading besides its own.
func withReading(report any, r lab.Reading) any { return lab.Document{Report: report, Reading: r} }
