package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine"
	"hfcui/engine/bands"
)

// flipsReport is what the flips command prints as JSON; classes are indices.
type flipsReport struct {
	N       int    `json:"n"`
	Count   int    `json:"count"`
	Samples []flip `json:"samples"`
}

type flip struct {
	Index int `json:"index"`
	Label int `json:"label"`
	Whole int `json:"whole"`
	Low   int `json:"low"`
	High  int `json:"high"`
}

func flipsCommand() *cobra.Command {
	var o engine.Options
	var q engine.FlipsRequest
	var by string
	var out output
	cmd := &cobra.Command{
		Use:     "flips -r R",
		Short:   "Find images whose high part alone is classified right",
		Long:    "Lists the images the paper's Fig. 2 shows: whole image and high part classified right, the low part, which is what people see, wrong.",
		Example: "hfcui flips --model resnet20.pt --data cifar10 -r 12",
		Args:    exactly(0, "no argument"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	radiusVar(cmd.Flags(), &q.R)
	limitVar(cmd.Flags(), &q.Limit)
	choiceVar(cmd.Flags(), &by, "by", "how images are split", "fourier")
	setting := settingFlags(cmd)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "radius"); err != nil {
			return err
		}
		q.Setting = setting()
		lab, err := engine.Open(cmd.Context(), o)
		if err != nil {
			return err
		}
		defer lab.Close()
		line := newProgress()
		n, answers, err := lab.Flips(cmd.Context(), q, func(done, total int) {
			line.set("%s  %d of %d images", bar(int64(done), int64(total)), done, total)
		})
		line.clear()
		if err != nil {
			return err
		}
		report := flipsReport{N: n, Count: len(answers), Samples: []flip{}}
		for _, a := range answers {
			report.Samples = append(report.Samples, flip{a.Index, a.Label, a.Whole, a.Low, a.High})
		}
		sayNote(lab.Info().Note)
		return out.print(report, func(w io.Writer) { flipsTable(w, lab, n, q.R, answers) })
	}
	return cmd
}

func flipsTable(w io.Writer, lab *engine.Lab, n int, r float64, answers []bands.Answer) {
	classes := lab.Info().Classes
	fmt.Fprintf(w, "%d of %d images are flips at r=%s\n", len(answers), n, plain(r))
	if len(answers) == 0 {
		return
	}
	fmt.Fprintf(w, "\nindex\timage\tlabel\tlow part taken for\n")
	for _, a := range answers {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", a.Index, lab.Title(a.Index), classes[a.Label], classes[a.Low])
	}
}
