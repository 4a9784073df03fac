package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hfcui/engine/benchmark"
	"hfcui/engine/plan"
	"hfcui/ui/picture"
)

// Limits of sizes: beyond them memory runs out.
const (
	maxBatch   = 1024
	maxThreads = 1024
	maxSide    = 4096
)

func benchCommand() *cobra.Command {
	c := benchmark.Config{Net: "resnet18"}
	var out output
	cmd := &cobra.Command{
		Use:   "bench --work WORK",
		Short: "Benchmark training, inference, bands, attacks, splitting or sixel encoding",
		Long: "Runs the workload twice to warm up and five times timed, and reports the median; a run of less than " +
			"10 ms repeats it. split computes low-pass and high-pass images at every radius; bands also runs inference " +
			"on them; attack is PGD-10. Networks are untrained ones of --net for images of 32×32, or --model's, with its " +
			"input size. Peak memory is the process's, up to then. With several batch sizes the result is a table, " +
			"or a JSON list.",
		Example: "hfcui bench --work train --net resnet20 --batch 128\n" +
			"hfcui bench --work infer --model resnet50.onnx --batch 8\n" +
			"hfcui bench --work bands --net resnet20 --batch 1,2,4,8,16,32,64,128,256",
		Args: exactly(0, "no arguments"),
	}
	flags := cmd.Flags()
	choiceVar(flags, &c.Work, "work", "workload", benchmark.Works()...)
	netVar(flags, &c.Net, "architecture, for train, infer, bands and attack")
	namedVar(flags, &c.Model, "model", "", "model file or embedded model, for train, infer, bands and attack", knownModel)
	sizes := batches{128}
	flags.Var(&sizes, "batch", "batch size, or a list of them")
	radiiVar(flags, &c.Radii, "radii, for split and bands: 4,8,12 or start:stop:step (4,8,12,16)")
	countVar(flags, &c.Threads, "threads", "", 0, 0, maxThreads, "compute threads (0: one per core)")
	choiceVar(flags, &c.DType, "dtype", "data type of activations and products", plan.DTypes()...)
	deviceVar(flags, &c.Device)
	flags.Var((*imageSize)(&c), "size", "image size, for split (default 32x32) and sixel (default 256x256)")
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "work"); err != nil {
			return err
		}
		for _, name := range unusedFlags(c.Work) {
			if cmd.Flags().Lookup(name).Changed {
				return usagef("--%s does not apply to --work %s", name, c.Work)
			}
		}
		if c.Model != "" && !flags.Changed("net") {
			c.Net = "" // whatever the file holds
		}
		encoder := picture.NewEncoder(picture.Sixel)
		c.Encode = func(width, height int, pixels []byte) {
			encoder.Encode(&picture.Image{W: width, H: height, Pix: pixels}, 1, 1)
		}
		results := make([]*benchmark.Result, len(sizes))
		for i, n := range sizes {
			var err error
			c.Batch = n
			if results[i], err = benchmark.Run(cmd.Context(), c); err != nil {
				return err
			}
		}
		sayNote(results[0].Note)
		if len(results) > 1 {
			return out.print(results, func(w io.Writer) { benchTable(w, results) })
		}
		return out.print(results[0], func(w io.Writer) { benchReport(w, results[0]) })
	}
	return cmd
}

func benchReport(w io.Writer, r *benchmark.Result) {
	fmt.Fprintf(w, "%s %s\t%.1f images/s\n", r.Work, benchSubject(r), r.ImagesPerSecond)
	fmt.Fprintf(w, "run\tmedian %.3g ms, from %.3g to %.3g ms\n",
		1e3*float64(r.Batch)/r.ImagesPerSecond, slices.Min(r.Milliseconds), slices.Max(r.Milliseconds))
	fmt.Fprintf(w, "images\t%d of %d×%d\n", r.Batch, r.Width, r.Height)
	if r.PeakMemory > 0 {
		fmt.Fprintf(w, "memory\t%d MB at its peak\n", r.PeakMemory/1e6)
	}
	fmt.Fprintf(w, "on\t%s\n", r.DeviceName)
}

// benchSubject is what a benchmark measures: a model by its file, another network by its name.
func benchSubject(r *benchmark.Result) string {
	if r.Model != "" {
		return fmt.Sprintf("%s (%s)", oneLine(r.Model), r.Net)
	}
	return r.Net
}

// benchTable has a line per batch size: if the cost is linear, the last column is constant.
func benchTable(w io.Writer, results []*benchmark.Result) {
	first := results[0]
	fmt.Fprintf(w, "%s %s\t%d×%d\t%s\n\n", first.Work, benchSubject(first), first.Width, first.Height, first.DeviceName)
	fmt.Fprintln(w, "batch\timages/s\tms/run\tms/image\tpeak MB")
	for _, r := range results {
		fmt.Fprintf(w, "%d\t%.1f\t%.4g\t%.4g\t%d\n", r.Batch, r.ImagesPerSecond, 1e3*float64(r.Batch)/r.ImagesPerSecond, 1e3/r.ImagesPerSecond,
			r.PeakMemory/1e6)
	}
}

// batches is a flag that takes a list of batch sizes.
type batches []int

// maxBatches bounds the length of a list: each entry takes seconds.
const maxBatches = 100

func (b *batches) Type() string { return "LIST" }

func (b *batches) String() string {
	words := make([]string, len(*b))
	for i, n := range *b {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

func (b *batches) Set(s string) error {
	words := strings.Split(s, ",")
	if len(words) > maxBatches {
		return fmt.Errorf("more than %d numbers", maxBatches)
	}
	list := make([]int, len(words))
	for i, w := range words {
		n := count{&list[i], 1, maxBatch}
		if err := n.Set(w); err != nil {
			return err
		}
	}
	*b = list
	return nil
}

// unusedFlags lists the flags that do not apply to a job.
func unusedFlags(work string) []string {
	switch work {
	case "split":
		return []string{"net", "model", "dtype"}
	case "sixel":
		return []string{"net", "model", "batch", "threads", "radii", "dtype"}
	case "bands":
		return []string{"size"}
	}
	return []string{"size", "radii"}
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
		return fmt.Errorf("a size is WIDTHxHEIGHT, e.g. 640x480")
	}
	if w < 1 || h < 1 || w > maxSide || h > maxSide {
		return fmt.Errorf("sides must be from 1 to %d", maxSide)
	}
	s.Width, s.Height = w, h
	return nil
}
