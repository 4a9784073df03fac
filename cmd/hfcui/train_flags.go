package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/pflag"

	"hfcui/engine/train"
)

// begunWith gives flags that were not typed the values that the run in dir was begun with,
// where there is one, and reports whether there is. Those that were typed stay as they are:
// that they are the same is for the run to check.
func begunWith(flags *pflag.FlagSet, dir string, c *train.Config) (resumed bool, err error) {
	saved, err := train.ReadConfig(dir)
	if errors.As(err, new(*fs.PathError)) {
		return false, nil // what the folder lacks, the run will say
	}
	if err != nil {
		return false, err
	}
	typed := map[string]string{}
	flags.Visit(func(f *pflag.Flag) { typed[f.Name] = f.Value.String() })
	*c = saved
	for name, value := range typed {
		if err := flags.Set(name, value); err != nil {
			return true, err
		}
	}
	return true, nil
}

// bandsDuring adds the flags for what is measured of low and high parts during a run, and
// returns a function that sets it in a Config as far as the flags say so.
func bandsDuring(flags *pflag.FlagSet) func(*train.Config) error {
	b := train.Bands{}
	flags.Var((*radii)(&b.Radii), "bands", "measure low and high parts at these radii: 4,8,12 or start:stop:step")
	countVar(flags, &b.Every, "bands-every", "", 1, 1, 1<<20, "measure them every so many epochs, and after the last")
	countVar(flags, &b.Limit, "bands-n", "", 1000, 0, maxImages, "measure them on the first N images; 0 uses all")
	choiceVar(flags, &b.Split, "bands-split", "which images; train is those trained on, with their labels", "test", "train")
	choiceVar(flags, &b.Normalize, "bands-normalize", "what is done to low and high parts", "none", "max", "std")
	choiceVar(flags, &b.BN, "bands-bn", "which batch-norm statistics", "running", "batch")
	return func(c *train.Config) error {
		set := func(name string) bool { return flags.Lookup(name).Changed }
		if c.Bands == nil && !set("bands") {
			for _, name := range []string{"bands-every", "bands-n", "bands-split", "bands-normalize", "bands-bn"} {
				if set(name) {
					return usagef("--%s needs --bands: the radii to measure at", name)
				}
			}
			return nil
		}
		if c.Bands == nil {
			c.Bands = &b
			return nil
		}
		for name, take := range map[string]func(){
			"bands":           func() { c.Bands.Radii = b.Radii },
			"bands-every":     func() { c.Bands.Every = b.Every },
			"bands-n":         func() { c.Bands.Limit = b.Limit },
			"bands-split":     func() { c.Bands.Split = b.Split },
			"bands-normalize": func() { c.Bands.Normalize = b.Normalize },
			"bands-bn":        func() { c.Bands.BN = b.BN },
		} {
			if set(name) {
				take()
			}
		}
		return nil
	}
}
