package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/plan"
	"hfcui/ui/kit"
)

func bandsCommand() *cobra.Command {
	var o lab.Options
	var q lab.BandsRequest
	var dtype string
	var versions versionFlags
	var out output
	cmd := &cobra.Command{
		Use:   "bands",
		Short: "Measure accuracy on low-pass and high-pass images vs r",
		Long: "Measures accuracy on whole images and, at each radius, on their low-pass images x_l and high-pass images, with " +
			"95 % CIs (Wilson), and how often the prediction changes on x_l (the paper's section 3). An image classified " +
			"correctly whole and incorrectly from x_l is not robust at any ε ≥ ‖x−x_l‖; so, at the largest of these distances, " +
			"the fraction of images correct both times is an upper bound on robust accuracy on these images, in a ball that is " +
			"not clipped to [0,1]. With normalized images or batch statistics there is no bound.\n\nWith --bn batch, batches are " +
			"100 images in dataset order; if the dataset is sorted by class they are drawn from across it, and an incomplete " +
			"last batch is filled up with images already counted.\n\nOn data with corruptions, such as CIFAR-10-C, lists or \"all\" for " +
			"--corruption and --severity measure every version of the test images, by default on whole images only (-r adds bands), " +
			"and the mean corruption accuracy: the unweighted mean over corruptions of the mean over severities. Its 95 % CI is " +
			"over images, since all versions have the same images.",
		Example: "hfcui bands --model resnet20.pt --data cifar10 -r 4,8,12,16\nhfcui bands -r 0:23:1 -n 1000 --json\n" +
			"hfcui bands --model resnet20.pt --data CIFAR-10-C --corruption all -n 1000",
		Args: exactly(0, "no arguments"),
	}
	modelFlags(cmd, &o)
	splitFlags(cmd, &o)
	versions.flags(cmd.Flags())
	deviceVar(cmd.Flags(), &o.Device)
	radiiVar(cmd.Flags(), &q.Radii, "radii: 4,8,12 or start:stop:step, stop included (default: every integer; none with several corruptions)")
	limitVar(cmd.Flags(), &q.Limit)
	setting := settingFlags(cmd)
	choiceVar(cmd.Flags(), &dtype, "dtype", "data type of activations and products", plan.DTypes()...)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q.Setting = setting()
		o.DType, _ = plan.ParseDType(dtype)
		if err := versions.choose(&o); err != nil {
			return err
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
		if o.Versions {
			report, err := versions.measure(cmd.Context(), l, o, q, dtype)
			if err != nil {
				return err
			}
			sayNote(l.Info().Note)
			return out.print(withReading(report, reading), func(w io.Writer) { corruptedTable(w, report, reading) })
		}
		if q.Radii == nil {
			q.Radii = wholeRadii(l.Info().MaxRadius)
		}
		line := newProgress()
		result, err := l.Bands(cmd.Context(), q, func(r bands.Result) {
			line.set("%s  whole %s", bar(int64(r.Whole.N), int64(r.Images)), percent(r.Whole))
		})
		line.clear()
		if err != nil {
			return err
		}
		smoothing, err := l.Model().Canonical(q.Smoothing)
		if err != nil {
			return err
		}
		report := bands.NewReport(o.Model, o.Data, l.Info().Split, q.Normalize, q.Statistics, smoothing, result)
		report.Corruption, report.Severity = l.Info().Corruption, l.Info().Severity
		if o.DType != plan.Float32 {
			report.DType = dtype
		}
		sayNote(l.Info().Note)
		return out.print(withReading(report, reading), func(w io.Writer) { bandsTable(w, report, reading, result) })
	}
	return cmd
}

// after prefixes a non-empty word with a separator.
func after(separator, word string) string {
	if word == "" {
		return ""
	}
	return separator + word
}

func bandsTable(w io.Writer, r bands.Report, reading lab.Reading, result bands.Result) {
	fmt.Fprintf(w, "%s on %s (%s, %s), band normalization: %s, batch norm: %s statistics, %s%s\n",
		oneLine(r.Model), oneLine(r.Data), r.Split, kit.Counted(r.N, "image"), r.Normalize, r.BN, smoothingWords(r.Smoothing), after(", ", r.DType))
	readingLines(w, reading)
	fmt.Fprintf(w, "\nr\tlow\thigh\n")
	for i, radius := range result.Radii {
		fmt.Fprintf(w, "%s\t%s\t%s\n", plain(radius), percent(result.Low[i]), percent(result.High[i]))
	}
	fmt.Fprintf(w, "whole\t%s\t\n", percent(result.Whole))
	fmt.Fprintf(w, "\nr\tf(x) ≠ f(x_l)\trobust accuracy ≤\tat ε ≥ (L2, L∞)\n")
	for i, change := range result.Changes {
		most, ball := "–", "–"
		if b := r.Bands[2*i].Bound; b != nil {
			most, ball = percent(change.Both), fmt.Sprintf("%.4g, %.4g", b.L2, b.LInf)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", plain(result.Radii[i]), percent(change.Differ), most, ball)
	}
}
