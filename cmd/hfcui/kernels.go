package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/engine/model"
)

// kernelsReport is what the kernels command prints as JSON.
type kernelsReport struct {
	Layer       string                 `json:"layer"`
	Shape       [4]int                 `json:"shape"` // out, in, height, width
	Rho         float64                `json:"rho"`
	GainDivided bool                   `json:"gain_divided,omitempty"`
	Roughness   beforeAfter[float64]   `json:"roughness"`
	Response    beforeAfter[[]float64] `json:"response"`
}

type beforeAfter[T any] struct {
	Before T `json:"before"`
	After  T `json:"after"`
}

func kernelsCommand() *cobra.Command {
	var o lab.Options
	var smoothing model.Smoothing
	var picture, save string
	var out output
	cmd := &cobra.Command{
		Use:   "kernels",
		Short: "Compare a convolution before and after kernel smoothing; save the smoothed model",
		Long: "Measures a convolution's kernel roughness (energy of adjacent differences over energy) and its " +
			"frequency response, before and after kernel smoothing with strength ρ. Smoothing amplifies a constant " +
			"kernel, and any 1×1 kernel, by 1+8ρ; --divide-gain normalizes by that gain.",
		Example: "hfcui kernels --model resnet20.pt --rho 0.5 -o kernels.png\n" +
			"hfcui kernels --model resnet20.pt --layer layer1.0.conv1 --rho 1 --divide-gain --save smooth.safetensors",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := pngOnly(picture); err != nil {
				return err
			}
			if err := safetensorsOnly("--save", save); err != nil {
				return err
			}
			m, err := model.LoadAs(o.Model, o.Given)
			if err != nil {
				return err
			}
			view, err := kernels.Compute(cmd.Context(), m, smoothing)
			if err != nil {
				return err
			}
			if save != "" {
				if err := kernels.SaveSmoothed(save, m, smoothing); err != nil {
					return err
				}
			}
			if picture != "" {
				if err := kernels.WritePNG(picture, view); err != nil {
					return err
				}
			}
			report := kernelsReport{view.Layer, view.Shape, view.Rho, view.DivideGain && view.Rho > 0,
				beforeAfter[float64]{view.RoughnessBefore, view.RoughnessAfter},
				beforeAfter[[]float64]{view.ResponseBefore, view.ResponseAfter}}
			reading := sayUnchecked(m)
			return out.print(withReading(report, reading), func(w io.Writer) {
				readingLines(w, reading)
				report.table(w)
				for _, written := range []string{picture, save} {
					if written != "" {
						fmt.Fprintf(w, "written\t%s\n", oneLine(written))
					}
				}
			})
		},
	}
	modelFlags(cmd, &o)
	smoothingFlags(cmd.Flags(), &smoothing)
	nameVar(cmd.Flags(), &picture, "output", "o", "", "PNG file of the kernels before and after smoothing")
	nameVar(cmd.Flags(), &save, "save", "", "", "file to save the smoothed model to (.safetensors); must not exist")
	out.flags(cmd)
	return cmd
}

func (r kernelsReport) table(w io.Writer) {
	fmt.Fprintf(w, "%s\t%d kernels of %d×%d×%d, %s\n", r.Layer, r.Shape[0], r.Shape[1], r.Shape[2], r.Shape[3],
		smoothingWords(model.Smoothing{Rho: r.Rho, DivideGain: r.GainDivided}))
	if r.Shape[2]*r.Shape[3] == 1 && r.Rho > 0 {
		fmt.Fprintf(w, "\t1×1 kernels have no neighbors: smoothing scales them by %s\n",
			plain(model.Smoothing{Rho: r.Rho, DivideGain: r.GainDivided}.Gain()))
	}
	fmt.Fprintf(w, "\n\tbefore\tafter\n")
	fmt.Fprintf(w, "roughness\t%.4f\t%.4f\n", r.Roughness.Before, r.Roughness.After)
	for i := range r.Response.Before {
		from, to := kernels.ResponseBin(i)
		fmt.Fprintf(w, "response at r %5.2f to %5.2f\t%.4f\t%.4f\n", from, to, r.Response.Before[i], r.Response.After[i])
	}
}
