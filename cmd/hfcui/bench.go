package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hfcui/engine/benchmark"
	"hfcui/ui/picture"
)

// Bounds of what can be asked for: beyond them memory runs out before time does.
const (
	maxBatch   = 1024
	maxThreads = 1024
	maxSide    = 4096
)

func benchCommand() *cobra.Command {
	c := benchmark.Config{Net: "resnet18"}
	var dtype, device string
	var out output
	cmd := &cobra.Command{
		Use:   "bench --work WORK",
		Short: "Time training, inference, bands, splitting or pictures",
		Long: "Runs a job twice to warm up and five times for the clock, and tells the median. bands is the " +
			"split at r = 4, 8, 12, 16 and the network's answer to all eight parts; split is the split alone.",
		Example: "hfcui bench --work train --net resnet20 --batch 128",
		Args:    exactly(0, "no argument"),
	}
	flags := cmd.Flags()
	choiceVar(flags, &c.Work, "work", "what to time", benchmark.Works()...)
	netVar(flags, &c.Net, "the network, for train, infer and bands")
	countVar(flags, &c.Batch, "batch", "", 128, 1, maxBatch, "images a run")
	countVar(flags, &c.Threads, "threads", "", 0, 0, maxThreads, "threads; 0 is one for every core")
	choiceVar(flags, &dtype, "dtype", "kind of numbers", "fp32")
	choiceVar(flags, &device, "device", "what computes", "cpu")
	flags.Var((*imageSize)(&c), "size", "size of the images, for split (32x32) and sixel (256x256)")
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "work"); err != nil {
			return err
		}
		for _, name := range unusedFlags(c.Work) {
			if cmd.Flags().Lookup(name).Changed {
				return usagef("--%s has no meaning for --work %s", name, c.Work)
			}
		}
		encoder := picture.NewEncoder(picture.Sixel)
		c.Encode = func(width, height int, pixels []byte) {
			encoder.Encode(&picture.Image{W: width, H: height, Pix: pixels}, 1, 1)
		}
		result, err := benchmark.Run(cmd.Context(), c)
		if err != nil {
			return err
		}
		return out.print(result, func(w io.Writer) {
			fmt.Fprintf(w, "%s %s\t%.1f images/s\n", result.Work, result.Net, result.ImagesPerSecond)
			fmt.Fprintf(w, "run\tmedian %.2f ms, from %.2f to %.2f ms\n",
				1e3*float64(result.Batch)/result.ImagesPerSecond, slices.Min(result.Milliseconds), slices.Max(result.Milliseconds))
			fmt.Fprintf(w, "images\t%d of %d×%d\n", result.Batch, result.Width, result.Height)
			fmt.Fprintf(w, "on\t%s\n", result.DeviceName)
		})
	}
	return cmd
}

// unusedFlags are those that a job does not look at.
func unusedFlags(work string) []string {
	switch work {
	case "split":
		return []string{"net"}
	case "sixel":
		return []string{"net", "batch", "threads"}
	}
	return []string{"size"}
}

// imageSize is a flag that takes WIDTHxHEIGHT.
type imageSize benchmark.Config

var _ pflag.Value = (*imageSize)(nil)

func (s *imageSize) Type() string   { return "WxH" }
func (s *imageSize) String() string { return "" }

func (s *imageSize) Set(text string) error {
	var w, h int
	var rest string
	if n, _ := fmt.Sscanf(text+" .", "%dx%d%s", &w, &h, &rest); n != 3 || rest != "." {
		return fmt.Errorf("a size is WIDTHxHEIGHT, such as 640x480")
	}
	if w < 1 || h < 1 || w > maxSide || h > maxSide {
		return fmt.Errorf("sides must be from 1 to %d", maxSide)
	}
	s.Width, s.Height = w, h
	return nil
}
