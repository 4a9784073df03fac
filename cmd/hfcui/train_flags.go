package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/pflag"

	"hfcui/engine/model"
	"hfcui/engine/train"
)

// begunWith sets the flags that were not given to the values of the run in dir, if there is
// one, and reports whether there is. Given flags are kept: the run checks that they agree.
func begunWith(flags *pflag.FlagSet, dir string, c *train.Config) (resumed bool, err error) {
	saved, err := train.ReadConfig(dir)
	if errors.As(err, new(*fs.PathError)) {
		return false, nil // train.Run reports what is missing
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

// normalizationFlags adds --mean and --std, and returns a function that applies them to a Config
// if given.
func normalizationFlags(flags *pflag.FlagSet) func(*train.Config) {
	var d model.Description
	meanStdFlags(flags, &d)
	return func(c *train.Config) {
		if d.Mean != nil || d.Std != nil {
			c.Mean, c.Std = d.Mean, d.Std
		}
	}
}

// bandsDuring adds the flags of the band evaluation during a run, and returns a function that
// applies those given to a Config.
func bandsDuring(flags *pflag.FlagSet) func(*train.Config) error {
	b := train.Bands{}
	flags.Var((*radii)(&b.Radii), "bands", "radii at which to evaluate low-pass and high-pass images: 4,8,12 or start:stop:step")
	countVar(flags, &b.Every, "bands-every", "", 1, 1, 1<<20, "evaluate bands every N epochs, and after the last")
	countVar(flags, &b.Limit, "bands-n", "", 1000, 0, maxImages, "evaluate bands on the first N images (0: all)")
	choiceVar(flags, &b.Split, "bands-split", "split to evaluate bands on; train is the training images with their labels", "test", "train")
	choiceVar(flags, &b.Normalize, "bands-normalize", "normalization of low-pass and high-pass images", "none", "max", "std")
	choiceVar(flags, &b.BN, "bands-bn", "statistics that batch norm uses", "running", "batch")
	return func(c *train.Config) error {
		set := func(name string) bool { return flags.Lookup(name).Changed }
		if c.Bands == nil && !set("bands") {
			for _, name := range []string{"bands-every", "bands-n", "bands-split", "bands-normalize", "bands-bn"} {
				if set(name) {
					return usagef("--%s requires --bands: the radii to evaluate at", name)
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
