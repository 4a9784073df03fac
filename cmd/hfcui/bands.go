package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine"
	"hfcui/engine/bands"
	"hfcui/engine/plan"
)

func bandsCommand() *cobra.Command {
	var o engine.Options
	var q engine.BandsRequest
	var dtype string
	var out output
	cmd := &cobra.Command{
		Use:   "bands",
		Short: "Measure accuracy on low and high parts at every radius",
		Long: "Measures how many images a model classifies right whole, and by their low and their high " +
			"part at every radius, each with its 95 % Wilson interval, and how many images it takes for another class by their " +
			"low part x_l than whole (the paper's section 3). An image that is right whole and wrong by x_l is not robust at any " +
			"ε ≥ ‖x−x_l‖; so, at the largest of these distances, robust accuracy on these images, in a ball that is not held to " +
			"[0,1], is at most the share of images right both times. Normalised parts and batch statistics bound nothing.\n\nWith --bn batch, batches are 100 images in " +
			"the data's order; images sorted by class are taken from all over the data, and a last batch of " +
			"fewer is filled up with images that were counted before.",
		Example: "hfcui bands --model resnet20.pt --data cifar10 -r 4,8,12,16\nhfcui bands -r 0:23:1 -n 1000 --json",
		Args:    exactly(0, "no argument"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	radiiVar(cmd.Flags(), &q.Radii, "radii: 4,8,12 or start:stop:step, stop included (default every whole one)")
	limitVar(cmd.Flags(), &q.Limit)
	setting := settingFlags(cmd)
	choiceVar(cmd.Flags(), &dtype, "dtype", "how the network stores and multiplies images", plan.DTypes()...)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q.Setting = setting()
		o.DType, _ = plan.ParseDType(dtype)
		lab, err := engine.Open(cmd.Context(), o)
		if err != nil {
			return err
		}
		defer lab.Close()
		if q.Radii == nil {
			q.Radii = wholeRadii(lab.Info().MaxRadius)
		}
		line := newProgress()
		result, err := lab.Bands(cmd.Context(), q, func(r bands.Result) {
			line.set("%s  whole %s", bar(int64(r.Whole.N), int64(r.Images)), percent(r.Whole))
		})
		line.clear()
		if err != nil {
			return err
		}
		smoothing, err := lab.Model().Canonical(q.Smoothing)
		if err != nil {
			return err
		}
		report := bands.NewReport(o.Model, o.Data, lab.Info().Split, q.Normalize, q.Statistics, smoothing, result)
		if o.DType != plan.Float32 {
			report.DType = dtype
		}
		sayNote(lab.Info().Note)
		return out.print(report, func(w io.Writer) { bandsTable(w, report, result) })
	}
	return cmd
}

// after puts a word behind a separator, if there is one.
func after(separator, word string) string {
	if word == "" {
		return ""
	}
	return separator + word
}

func bandsTable(w io.Writer, r bands.Report, result bands.Result) {
	fmt.Fprintf(w, "%s on %s (%s, %d images), normalize %s, batch-norm %s, %s%s\n\n",
		oneLine(r.Model), oneLine(r.Data), r.Split, r.N, r.Normalize, r.BN, smoothingWords(r.Smoothing), after(", ", r.DType))
	fmt.Fprintf(w, "r\tlow\thigh\n")
	for i, radius := range result.Radii {
		fmt.Fprintf(w, "%s\t%s\t%s\n", plain(radius), percent(result.Low[i]), percent(result.High[i]))
	}
	fmt.Fprintf(w, "whole\t%s\t\n", percent(result.Whole))
	fmt.Fprintf(w, "\nr\tf(x) ≠ f(x_l)\trobust accuracy is at most\tat ε ≥ (L2, L∞)\n")
	for i, change := range result.Changes {
		most, ball := "–", "–"
		if b := r.Bands[2*i].Bound; b != nil {
			most, ball = percent(change.Both), fmt.Sprintf("%.4g, %.4g", b.L2, b.LInf)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", plain(result.Radii[i]), percent(change.Differ), most, ball)
	}
}
