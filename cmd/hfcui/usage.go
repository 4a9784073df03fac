package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hfcui/engine/printable"
)

// usageError is an error in the command line itself: exit status 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// flagError turns the flag parser's message into one actionable line.
func flagError(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value):
		return usagef("%s %s: %w", flagName(value.GetFlag()), quoted(value.GetValue()), withoutParser(value.Unwrap()))
	case errors.As(err, &missing):
		return usagef("%s needs a value: %s", flagName(missing.GetFlag()), missing.GetFlag().Usage)
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return usagef("unknown flag --%s%s; see %s --help", unknown.GetSpecifiedName(),
			didYouMean("--"+unknown.GetSpecifiedName(), names), cmd.CommandPath())
	}
	return usagef("%w; see %s --help", err, cmd.CommandPath())
}

// within returns the command's name without the program's, which starts every message.
func within(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// flagName returns the preferred form of a flag: -r or --model.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// withoutParser returns what a value must be, without the name of the parsing function.
func withoutParser(err error) error {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err
	}
	switch {
	case errors.Is(number.Err, strconv.ErrRange):
		return errors.New("out of range")
	case number.Func == "ParseBool":
		return errors.New("use true or false")
	case number.Func == "ParseUint":
		return errors.New("not an integer, 0 or more")
	}
	return errors.New("not a number")
}

// quoted returns user input quoted, shortened and safe to print.
func quoted(s string) string {
	if short := []rune(s); len(short) > 60 {
		s = string(short[:60]) + "…"
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// oneLine returns a message as one line without control characters.
func oneLine(s string) string {
	return strings.Join(strings.Fields(printable.Line(s)), " ")
}

// didYouMean returns "; did you mean X?" for the name nearest to the input; "" if none is near.
func didYouMean(typed string, names []string) string {
	best, nearest := "", max(1, len(typed)/3)+1
	for _, name := range names {
		if d := editDistance(strings.ToLower(typed), strings.ToLower(name)); d < nearest {
			best, nearest = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// editDistance counts the insertions, deletions, substitutions and swaps of neighbors
// that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// exactly accepts n arguments; the error names the ones missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usagef("%s: missing %s; see %s --help", within(cmd), what, cmd.CommandPath())
		}
		if len(args) > n {
			return usagef("%s: unexpected argument %s; see %s --help", within(cmd), quoted(args[n]), cmd.CommandPath())
		}
		return notEmpty(args)
	}
}

// atLeastOne accepts one argument or more.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s: missing %s; see %s --help", within(cmd), what, cmd.CommandPath())
		}
		return notEmpty(args)
	}
}

// notEmpty rejects empty arguments, typically an unset variable in a shell script.
func notEmpty(args []string) error {
	for i, a := range args {
		if a == "" {
			return usagef("argument %d is empty: use a file name", i+1)
		}
	}
	return nil
}

// required checks that the named flags were given.
func required(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); !f.Changed {
			return usagef("%s requires %s: %s", within(cmd), flagName(f), f.Usage)
		}
	}
	return nil
}

// pngOnly returns an error for an output file whose extension is not .png; "" is no file.
func pngOnly(path string) error {
	if ext := filepath.Ext(path); path != "" && !strings.EqualFold(ext, ".png") {
		return usagef("-o %s: cannot write %s; supported: .png", quoted(path), cmp.Or(ext, "a file without extension"))
	}
	return nil
}

// safetensorsOnly rejects names of model files with another extension.
func safetensorsOnly(flag, path string) error {
	if ext := filepath.Ext(path); path != "" && !strings.EqualFold(ext, ".safetensors") {
		return usagef("%s %s: cannot write %s; supported: .safetensors", flag, quoted(path), cmp.Or(ext, "a file without extension"))
	}
	return nil
}

// group is a command that only has subcommands.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short}
	var names []string
	for _, c := range commands {
		names = append(names, c.Name())
	}
	cmd.AddCommand(commands...)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s: missing subcommand: use %s", within(cmd), strings.Join(names, ", "))
		}
		return usagef("%s: unknown command %s: use %s%s", within(cmd), quoted(args[0]),
			strings.Join(names, ", "), didYouMean(args[0], names))
	}
	return cmd
}
