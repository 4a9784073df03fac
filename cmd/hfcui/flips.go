package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// flipsReport is what the flips command prints as JSON; classes are indices.
type flipsReport struct {
	Model     string  `json:"model"`
	Data      string  `json:"data"`
	Split     string  `json:"split"`
	R         float64 `json:"r"`
	Normalize string  `json:"normalize"`
	BN        string  `json:"bn"` // batch-norm statistics: running or batch
	model.Smoothing
	N             int         `json:"n"`
	Count         int         `json:"count"`
	Share         float64     `json:"share"`
	CI95          [2]float64  `json:"ci95"` // of the share
	By            string      `json:"by"`
	Permuted      float64     `json:"permuted"`       // expected count under the permutation null
	PermutedShare float64     `json:"permuted_share"` // the same as a share
	Classes       []flipClass `json:"classes"`
	Samples       []flip      `json:"samples"`
}

// flipClass are the flips among the images of a class.
type flipClass struct {
	Label int    `json:"label"`
	Class string `json:"class"`
	measure.ShareDocument
	Permuted float64 `json:"permuted"`
}

type flip struct {
	Index int `json:"index"`
	Label int `json:"label"`
	Whole int `json:"whole"`
	Low   int `json:"low"`
	High  int `json:"high"`
	Rank  int `json:"rank,omitempty"` // of the low-pass image, by SVD
}

// newFlipsReport describes a result, with names of files as they were given.
func newFlipsReport(o lab.Options, l *lab.Lab, q lab.FlipsRequest, r lab.FlipsResult) (flipsReport, error) {
	info, total := l.Info(), r.Counts.Total()
	smoothing, err := l.Model().Canonical(q.Smoothing)
	if err != nil {
		return flipsReport{}, err
	}
	lo, hi := total.Wilson()
	report := flipsReport{Model: o.Model, Data: o.Data, Split: info.Split, R: q.R, Normalize: q.Normalize.String(), BN: q.Statistics.String(),
		Smoothing: smoothing, N: total.N, Count: total.Correct, Share: total.Accuracy(), CI95: [2]float64{lo, hi}, By: q.By.String(),
		Permuted: r.Counts.Permuted(), PermutedShare: r.Counts.Permuted() / float64(max(1, total.N)), Classes: []flipClass{}, Samples: []flip{}}
	for label, c := range r.Counts.Classes {
		if c.Images > 0 {
			report.Classes = append(report.Classes, flipClass{label, info.Classes[label], c.Score().ShareDocument(), r.Counts.PermutedOf(label)})
		}
	}
	for _, a := range r.Flips {
		report.Samples = append(report.Samples, flip{a.Index, a.Label, a.Whole, a.Low, a.High, a.Rank})
	}
	return report, nil
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
			"The count is given with its 95 % CI (Wilson) and compared with a permutation null, also by class: the expected number of flips " +
			"if predictions on low-pass and high-pass images were permuted at random across images.",
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
		result, err := l.Flips(cmd.Context(), q, func(r lab.FlipsResult) {
			line.set("%s  %d of %d images", bar(int64(r.Counts.N), int64(r.Images)), r.Counts.N, r.Images)
		})
		line.clear()
		if err != nil {
			return err
		}
		report, err := newFlipsReport(o, l, q, result)
		if err != nil {
			return err
		}
		sayNote(l.Info().Note)
		return out.print(withReading(report, reading), func(w io.Writer) { flipsTable(w, l, report, reading, result.Counts.Total()) })
	}
	return cmd
}

func flipsTable(w io.Writer, l *lab.Lab, r flipsReport, reading lab.Reading, total measure.Score) {
	classes, svd := l.Info().Classes, r.By == bands.SVD.String()
	how := "r = " + plain(r.R)
	if svd {
		how = "by SVD, rank matched to r = " + plain(r.R)
	}
	fmt.Fprintf(w, "%s on %s (%s, %s), %s, band normalization: %s, batch norm: %s statistics, %s\n",
		oneLine(r.Model), oneLine(r.Data), r.Split, kit.Counted(r.N, "image"), how, r.Normalize, r.BN, smoothingWords(r.Smoothing))
	fmt.Fprintf(w, "flips: %d of %d images, %s; permutation null: %.1f expected, %.2f %%\n",
		r.Count, r.N, strings.TrimSpace(percent(total)), r.Permuted, 100*r.PermutedShare)
	readingLines(w, reading)
	fmt.Fprintf(w, "\nclass\timages\tflips\tshare\texpected\n")
	for _, c := range r.Classes {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%.1f\n", oneLine(c.Class), c.N, c.Count, percent(measure.Score{Correct: c.Count, N: c.N}), c.Permuted)
	}
	if len(r.Samples) == 0 {
		return
	}
	rank := func(text string) string {
		if !svd {
			return ""
		}
		return text + "\t"
	}
	fmt.Fprintf(w, "\nindex\timage\tlabel\t%sprediction on low\n", rank("rank"))
	for _, a := range r.Samples {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s%s\n", a.Index, l.Title(a.Index), classes[a.Label], rank(fmt.Sprint(a.Rank)), classes[a.Low])
	}
}
