package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine"
	"hfcui/engine/model"
)

// kernelsReport is what the kernels command prints as JSON.
type kernelsReport struct {
	Layer     string                 `json:"layer"`
	Shape     [4]int                 `json:"shape"` // out, in, height, width
	Rho       float64                `json:"rho"`
	Roughness beforeAfter[float64]   `json:"roughness"`
	Response  beforeAfter[[]float64] `json:"response"`
}

type beforeAfter[T any] struct {
	Before T `json:"before"`
	After  T `json:"after"`
}

func kernelsCommand() *cobra.Command {
	var o engine.Options
	var rho float64
	var picture string
	var out output
	cmd := &cobra.Command{
		Use:   "kernels",
		Short: "Show the first convolution before and after smoothing",
		Long: "Measures how rough the first convolution's kernels are (energy of adjacent differences over " +
			"energy) and how strongly they answer to each frequency, before and after smoothing by ρ.",
		Example: "hfcui kernels --model resnet20.pt --rho 0.5 -o kernels.png",
		Args:    exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			m, err := model.Load(o.Model, o.Net)
			if err != nil {
				return err
			}
			view, err := engine.Kernels(m, model.Smoothing{Rho: rho})
			if err != nil {
				return err
			}
			if picture != "" {
				if err := engine.WriteKernels(picture, view); err != nil {
					return err
				}
			}
			report := kernelsReport{view.Layer, view.Shape, rho,
				beforeAfter[float64]{view.RoughnessBefore, view.RoughnessAfter},
				beforeAfter[[]float64]{view.ResponseBefore, view.ResponseAfter}}
			return out.print(report, func(w io.Writer) {
				report.table(w)
				if picture != "" {
					fmt.Fprintf(w, "written\t%s\n", oneLine(picture))
				}
			})
		},
	}
	modelFlags(cmd, &o)
	rhoVar(cmd.Flags(), &rho)
	nameVar(cmd.Flags(), &picture, "output", "o", "", "also draw the kernels into this PNG file")
	out.flags(cmd)
	return cmd
}

func (r kernelsReport) table(w io.Writer) {
	fmt.Fprintf(w, "%s\t%d kernels of %d×%d×%d, rho %s\n\n", r.Layer, r.Shape[0], r.Shape[1], r.Shape[2], r.Shape[3], plain(r.Rho))
	fmt.Fprintf(w, "\tbefore\tafter\n")
	fmt.Fprintf(w, "roughness\t%.4f\t%.4f\n", r.Roughness.Before, r.Roughness.After)
	for i := range r.Response.Before {
		from, to := engine.ResponseBin(i)
		fmt.Fprintf(w, "response at r %5.2f to %5.2f\t%.4f\t%.4f\n", from, to, r.Response.Before[i], r.Response.After[i])
	}
}
