package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"hfcui/engine"
	"hfcui/engine/bands"
)

// bandsReport is what the bands command prints as JSON.
type bandsReport struct {
	Model     string      `json:"model"`
	Data      string      `json:"data"`
	Split     string      `json:"split"`
	N         int         `json:"n"`
	Normalize string      `json:"normalize"`
	BN        string      `json:"bn"`
	Rho       float64     `json:"rho"`
	Whole     bands.Score `json:"whole"`
	Bands     []bandScore `json:"bands"`
}

// bandScore is the score of one part at one radius.
type bandScore struct {
	Part  string
	R     float64
	Score bands.Score
}

// MarshalJSON writes part and r in front of the score's own keys.
func (b bandScore) MarshalJSON() ([]byte, error) {
	score, err := json.Marshal(b.Score)
	if err != nil {
		return nil, err
	}
	head := `{"part":` + strconv.Quote(b.Part) + `,"r":` + plain(b.R) + `,`
	return append([]byte(head), score[1:]...), nil
}

func bandsCommand() *cobra.Command {
	var o engine.Options
	var q engine.BandsRequest
	var out output
	cmd := &cobra.Command{
		Use:   "bands",
		Short: "Measure accuracy on low and high parts at every radius",
		Long: "Measures how many images a model classifies right whole, and by their low and their high " +
			"part at every radius, each with its 95 % Wilson interval.",
		Example: "hfcui bands --model resnet20.pt --data cifar10 -r 4,8,12,16\nhfcui bands -r 0:23:1 -n 1000 --json",
		Args:    exactly(0, "no argument"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	radiiVar(cmd.Flags(), &q.Radii, "radii: 4,8,12 or start:stop:step, stop included (default every whole one)")
	limitVar(cmd.Flags(), &q.Limit)
	setting := settingFlags(cmd)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q.Setting = setting()
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
		report := bandsReport{Model: o.Model, Data: o.Data, Split: lab.Info().Split, N: result.Images,
			Normalize: q.Normalize.String(), BN: q.Statistics.String(), Rho: q.Rho, Whole: result.Whole}
		for i, r := range result.Radii {
			report.Bands = append(report.Bands, bandScore{"low", r, result.Low[i]}, bandScore{"high", r, result.High[i]})
		}
		return out.print(report, func(w io.Writer) { report.table(w, result) })
	}
	return cmd
}

func (r bandsReport) table(w io.Writer, result bands.Result) {
	fmt.Fprintf(w, "%s on %s (%s, %d images), normalize %s, batch-norm %s, rho %s\n\n",
		oneLine(r.Model), oneLine(r.Data), r.Split, r.N, r.Normalize, r.BN, plain(r.Rho))
	fmt.Fprintf(w, "r\tlow\thigh\n")
	for i, radius := range result.Radii {
		fmt.Fprintf(w, "%s\t%s\t%s\n", plain(radius), percent(result.Low[i]), percent(result.High[i]))
	}
	fmt.Fprintf(w, "whole\t%s\t\n", percent(result.Whole))
}
