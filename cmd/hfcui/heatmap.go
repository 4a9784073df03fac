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
	"hfcui/engine"
	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
)

func heatmapCommand() *cobra.Command {
	var o engine.Options
	var q engine.HeatmapRequest
	var picture string
	var out output
	cmd := &cobra.Command{
		Use:   "heatmap",
		Short: "Measure how often a model errs with noise of every frequency",
		Long: "Measures the Fourier heat map of Yin et al. (2019): for every frequency the error rate on images with a plane " +
			"wave of that frequency added, of norm V in every channel, plus or minus at random by image and channel. The noise " +
			"is in pixels of [0,1], before the model's own normalisation, at the model's input size; the paper has V = 4 for " +
			"32×32 and 15.7 for 224×224. Pixels are clipped to [0,1] unless --unclipped.",
		Example: "hfcui heatmap --model resnet20.pt --data cifar10 --norm 4 -n 100 -o heatmap.png",
		Args:    exactly(0, "no argument"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	q.Norm = 4
	cmd.Flags().Var((*number)(&q.Norm), "norm", "the Euclidean norm V of the noise in every channel")
	limitVar(cmd.Flags(), &q.Limit)
	cmd.Flags().BoolVar(&q.Unclipped, "unclipped", false, "let pixels leave [0,1]")
	cmd.Flags().Uint64Var(&q.Seed, "seed", 1, "of the signs, 1 or more")
	smoothingFlags(cmd.Flags(), &q.Smoothing)
	nameVar(cmd.Flags(), &picture, "output", "o", "", "also draw the map into this PNG file")
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if q.Seed == 0 {
			return usagef("--seed 0: must be 1 or more")
		}
		if err := pngOnly(picture); err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Dir(picture)); err != nil {
			// Said now, and not when all is measured.
			return fmt.Errorf("%s: %w; check that the folder exists and may be written", picture, errors.Unwrap(err))
		}
		lab, err := engine.Open(cmd.Context(), o)
		if err != nil {
			return err
		}
		defer lab.Close()
		line := newProgress()
		result, err := lab.Heatmap(cmd.Context(), q, func(r heatmap.Result) {
			line.set("%s  %.0f images/s, without noise %s", bar(int64(1000*r.Share), 1000), r.ImagesPerSecond, percent(r.Clean))
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
		smoothing, err := lab.Model().Canonical(q.Smoothing)
		if err != nil {
			return err
		}
		report := heatmap.NewReport(o.Model, o.Data, lab.Info().Split, smoothing, result)
		sayNote(lab.Info().Note)
		return out.print(report, func(w io.Writer) { heatmapTable(w, report, result, picture) })
	}
	return cmd
}

// heatmapTable writes the error by distance and the frequencies that disturb most.
func heatmapTable(w io.Writer, r heatmap.Report, result heatmap.Result, picture string) {
	fmt.Fprintf(w, "%s, %s\n", result.Title(oneLine(r.Model), oneLine(r.Data)+" "+r.Split), smoothingWords(r.Smoothing))
	fmt.Fprintf(w, "\nerror without noise\t%s\n\ndistance\tmean error\tfrequencies\n", percent(wrongOf(result.Clean)))
	furthest := heatmap.Frequency{U: result.H / 2, V: result.W / 2}.Distance()
	for from := 0.0; from <= furthest; from += 2 {
		if mean, n := result.Mean(from, from+2); n > 0 {
			fmt.Fprintf(w, "%g to %g\t%6.2f %%\t%d\n", from, from+2, 100*mean, n)
		}
	}
	worst := slices.SortedStableFunc(slices.Values(r.Cells), func(a, b heatmap.Cell) int { return cmp.Compare(a.Correct*b.N, b.Correct*a.N) })
	fmt.Fprintf(w, "\nlargest error at\t\n")
	for _, c := range worst[:min(5, len(worst))] {
		at := math.Hypot(float64(c.U), float64(c.V))
		fmt.Fprintf(w, "(%d,%d), distance %.1f\t%s\n", c.U, c.V, at, percent(wrongOf(measure.Score{Correct: c.Correct, N: c.N})))
	}
	if picture != "" {
		fmt.Fprintf(w, "\nwritten\t%s\n", oneLine(picture))
	}
}

// wrongOf is the score of what is wrong.
func wrongOf(s measure.Score) measure.Score { return measure.Score{Correct: s.N - s.Correct, N: s.N} }
