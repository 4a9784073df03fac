package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
)

// flipsReport is what the flips command prints as JSON; classes are indices.
type flipsReport struct {
	N        int     `json:"n"`
	Count    int     `json:"count"`
	By       string  `json:"by"`
	Permuted float64 `json:"permuted"` // expected count under the permutation null
	Samples  []flip  `json:"samples"`
}

type flip struct {
	Index int `json:"index"`
	Label int `json:"label"`
	Whole int `json:"whole"`
	Low   int `json:"low"`
	High  int `json:"high"`
	Rank  int `json:"rank,omitempty"` // of the low-pass image, by SVD
}

func flipsCommand() *cobra.Command {
	var o lab.Options
	var q lab.FlipsRequest
	var by string
	var out output
	cmd := &cobra.Command{
		Use:   "flips -r R",
		Short: "Find images classified correctly from high frequencies alone",
		Long: "Lists the images the paper's Fig. 2 shows: correct on the whole and the high-pass image, wrong on the low-pass image, which is what humans see.\n\n" +
			"With --by svd (the paper's section 8) the low-pass image is the truncated singular value decomposition, with one rank for all " +
			"channels of an image: the rank whose residual energy is nearest to that of the Fourier high-pass image at r.\n\n" +
			"The count is compared with a permutation null: the expected number of flips if predictions on low-pass and high-pass images " +
			"were permuted at random across images.",
		Example: "hfcui flips --model resnet20.pt --data cifar10 -r 12\nhfcui flips --model resnet20.pt --data cifar10 -r 12 --by svd --json",
		Args:    exactly(0, "no arguments"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	radiusVar(cmd.Flags(), &q.R)
	limitVar(cmd.Flags(), &q.Limit)
	choiceVar(cmd.Flags(), &by, "by", "decomposition", "fourier", "svd")
	setting := settingFlags(cmd)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "radius"); err != nil {
			return err
		}
		q.Setting = setting()
		q.By, _ = bands.ParseDecomposition(by)
		l, err := lab.Open(cmd.Context(), o)
		if err != nil {
			return err
		}
		defer l.Close()
		reading, err := checkModel(cmd.Context(), l)
		if err != nil {
			return err
		}
		line := newProgress()
		result, err := l.Flips(cmd.Context(), q, func(done, total int) {
			line.set("%s  %d of %d images", bar(int64(done), int64(total)), done, total)
		})
		line.clear()
		if err != nil {
			return err
		}
		report := flipsReport{N: result.N, Count: len(result.Flips), By: by, Permuted: result.Permuted, Samples: []flip{}}
		for _, a := range result.Flips {
			report.Samples = append(report.Samples, flip{a.Index, a.Label, a.Whole, a.Low, a.High, a.Rank})
		}
		sayNote(l.Info().Note)
		return out.print(withReading(report, reading), func(w io.Writer) { flipsTable(w, l, q, reading, result) })
	}
	return cmd
}

func flipsTable(w io.Writer, l *lab.Lab, q lab.FlipsRequest, reading lab.Reading, r lab.FlipsResult) {
	classes := l.Info().Classes
	rank, title := "", ""
	if q.By == bands.SVD {
		rank, title = " by SVD, rank matched to", "rank\t"
	} else {
		rank = " at"
	}
	fmt.Fprintf(w, "%d of %d images are flips%s r=%s; permutation null %.1f\n", len(r.Flips), r.N, rank, plain(q.R), r.Permuted)
	readingLines(w, reading)
	if len(r.Flips) == 0 {
		return
	}
	fmt.Fprintf(w, "\nindex\timage\tlabel\t%sprediction on low\n", title)
	for _, a := range r.Flips {
		if title != "" {
			title = fmt.Sprintf("%d\t", a.Rank)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s%s\n", a.Index, l.Title(a.Index), classes[a.Label], title, classes[a.Low])
	}
}
