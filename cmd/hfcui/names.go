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

// A name that is typed is a file's or one the program knows. What looks like no path and is
// neither is a mistake in the command line, told with the nearest name before anything runs.

// knownModel refuses what can be neither a model file nor an embedded model.
func knownModel(typed string) error {
	names := checkpoints.EmbeddedNames()
	if !strange(typed, names) {
		return nil
	}
	return fmt.Errorf("there is no file and no embedded model of that name: name a file, or use %s%s", strings.Join(names, ", "), didYouMean(typed, names))
}

// knownData refuses what can be neither a folder nor a data set known by name.
func knownData(typed string) error {
	name, _, _ := strings.Cut(typed, ":") // settings
	if !strange(name, dataset.Names()) {
		return nil
	}
	return fmt.Errorf("there is no folder and no data set of that name: name a folder, or use %s%s", strings.Join(dataset.Names(), ", "), didYouMean(name, dataset.Names()))
}

// strange tells whether a word is no name, no path and no file.
func strange(word string, names []string) bool {
	if slices.Contains(names, word) || strings.ContainsAny(word, `./\`) {
		return false
	}
	_, err := os.Lstat(word)
	return err != nil
}

// namedVar adds a flag that takes a name which check has to pass.
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
