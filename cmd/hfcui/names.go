package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
)

// An argument is a path or a known name. One that looks like neither is a usage error that suggests
// the nearest name, before anything runs.

// knownModel returns an error for an argument that is neither a model file nor an embedded model.
func knownModel(typed string) error {
	names := checkpoints.EmbeddedNames()
	if !strange(typed, names) {
		return nil
	}
	return fmt.Errorf("no such file or embedded model: use a file, or %s%s", strings.Join(names, ", "), didYouMean(typed, names))
}

// knownData returns an error for an argument that is neither a folder nor a named dataset.
func knownData(typed string) error {
	name, _, _ := strings.Cut(typed, ":") // settings
	if !strange(name, dataset.Names()) {
		return nil
	}
	return fmt.Errorf("no such folder or named dataset: use a folder, or %s%s", strings.Join(dataset.Names(), ", "), didYouMean(name, dataset.Names()))
}

// strange reports whether a word is neither a known name nor a path nor a file.
func strange(word string, names []string) bool {
	if slices.Contains(names, word) || strings.ContainsAny(word, `./\`) {
		return false
	}
	_, err := os.Lstat(word)
	return err != nil
}

// namedVar adds a flag whose value check must accept.
func namedVar(flags *pflag.FlagSet, p *string, long, value, usage string, check func(string) error) {
	*p = value
	flags.Var(&namedValue{(*name)(p), check}, long, usage)
}

// namedValue is a name flag whose value is checked.
type namedValue struct {
	*name
	check func(string) error
}

func (n *namedValue) Set(s string) error {
	if s != "" {
		if err := n.check(s); err != nil {
			return err
		}
	}
	return n.name.Set(s)
}
