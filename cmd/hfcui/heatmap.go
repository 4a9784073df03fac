package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"hfcui/checkpoints"
	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
)

func heatmapCommand() *cobra.Command {
	var o lab.Options
	var q lab.HeatmapRequest
	var picture string
	var out output
	cmd := &cobra.Command{
		Use:   "heatmap",
		Short: "Measure the Fourier heat map: error rate under each Fourier basis vector",
		Long: "Measures the Fourier heat map of Yin et al. (2019): for each frequency, the error rate on images perturbed by the " +
			"Fourier basis vector of that frequency with L2 norm ν in each channel and a random sign per image and channel. ν is " +
			"in pixels of [0,1], before the model's normalization, at the model's input size; the paper uses ν = 4 for " +
			"32×32 and 15.7 for 224×224. Pixels are clipped to [0,1] unless --unclipped.",
		Example: "hfcui heatmap --model resnet20.pt --data cifar10 --norm 4 -n 100 -o heatmap.png",
		Args:    exactly(0, "no arguments"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	q.Norm = 4
	cmd.Flags().Var((*number)(&q.Norm), "norm", "L2 norm ν of the perturbation in each channel")
	limitVar(cmd.Flags(), &q.Limit)
	cmd.Flags().BoolVar(&q.Unclipped, "unclipped", false, "do not clip pixels to [0,1]")
	cmd.Flags().Uint64Var(&q.Seed, "seed", 1, "seed of the random signs, 1 or more")
	smoothingFlags(cmd.Flags(), &q.Smoothing)
	nameVar(cmd.Flags(), &picture, "output", "o", "", "output file of the heat map (.png)")
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if q.Seed == 0 {
			return usagef("--seed 0: must be 1 or more")
		}
		if err := pngOnly(picture); err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Dir(picture)); err != nil {
			// Fail before measuring, not after.
			return fmt.Errorf("%s: %w; check that the folder exists and is writable", picture, errors.Unwrap(err))
		}
		l, err := openScored(cmd, o)
		if err != nil {
			return err
		}
		defer l.Close()
		reading, err := checkModel(cmd.Context(), l)
		if err != nil {
			return err
		}
		line := newProgress()
		result, err := l.Heatmap(cmd.Context(), q, func(r heatmap.Result) {
			line.set("%s  %.0f images/s, clean accuracy %s", bar(int64(1000*r.Share), 1000), r.ImagesPerSecond, percent(r.Clean))
		})
		line.clear()
		if err != nil {
			return err
		}
		if picture != "" {
			title := result.Title(oneLine(o.Model), oneLine(o.Data))
			if err := checkpoints.WriteAtomic(picture, func(w io.Writer) error { return result.Figure(title, 0, 1).WritePNG(w) }); err != nil {
				return err
			}
		}
		smoothing, err := l.Model().Canonical(q.Smoothing)
		if err != nil {
			return err
		}
		report := heatmap.NewReport(o.Model, o.Data, l.Info().Split, smoothing, result)
		sayNote(l.Info().Note)
		return out.print(withReading(report, reading), func(w io.Writer) { heatmapTable(w, report, reading, result, picture) })
	}
	return cmd
}

// heatmapTable writes the error rate by radius and the frequencies of the highest error.
func heatmapTable(w io.Writer, r heatmap.Report, reading lab.Reading, result heatmap.Result, picture string) {
	fmt.Fprintf(w, "%s, %s\n", result.Title(oneLine(r.Model), oneLine(r.Data)+" "+r.Split), smoothingWords(r.Smoothing))
	readingLines(w, reading)
	fmt.Fprintf(w, "\nclean error\t%s\n\nradius\tmean error\tfrequencies\n", percent(result.Clean.Errors()))
	furthest := heatmap.Frequency{U: result.H / 2, V: result.W / 2}.Distance()
	for from := 0.0; from <= furthest; from += 2 {
		if mean, n := result.Mean(from, from+2); n > 0 {
			fmt.Fprintf(w, "%g to %g\t%6.2f %%\t%d\n", from, from+2, 100*mean, n)
		}
	}
	worst := slices.SortedStableFunc(slices.Values(r.Cells), func(a, b heatmap.Cell) int { return cmp.Compare(a.Correct*b.N, b.Correct*a.N) })
	fmt.Fprintf(w, "\nhighest error at\t\n")
	for _, c := range worst[:min(5, len(worst))] {
		at := math.Hypot(float64(c.U), float64(c.V))
		fmt.Fprintf(w, "(%d,%d), radius %.1f\t%s\n", c.U, c.V, at, percent(measure.Score{Correct: c.Correct, N: c.N}.Errors()))
	}
	if picture != "" {
		fmt.Fprintf(w, "\nwritten\t%s\n", oneLine(picture))
	}
}
