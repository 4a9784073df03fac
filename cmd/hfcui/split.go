package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine/dataset"
	"hfcui/engine/split"
	"hfcui/ui/kit"
)

func splitCommand() *cobra.Command {
	var q split.Request
	var out output
	cmd := &cobra.Command{
		Use:   "split IMAGE -r R",
		Short: "Split an image into its low-pass and high-pass images",
		Long: "Splits an image of any size at radius r and writes low.png, high.png (mid-gray plus the high-pass " +
			"image times a gain with which 99.5 % of its values are not clipped, 32 at most) and spectrum.png; " +
			"with --raw also split.safetensors: x, low and high as CHW float32, never clipped.",
		Example: "hfcui split photo.jpg -r 12 -o parts --raw",
		Args:    exactly(1, "image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "radius"); err != nil {
				return err
			}
			q.Image = args[0]
			result, err := split.File(cmd.Context(), q)
			if err != nil {
				return err
			}
			return out.print(result, func(w io.Writer) {
				fmt.Fprintf(w, "image\t%d×%d, %s\n", result.Width, result.Height, kit.Counted(result.Channels, "channel")+after(", ", dataset.TurnedText(result.Orientation)))
				fmt.Fprintf(w, "low\t%d of %d coefficients at r < %s, energy fraction %.4f\n",
					result.Kept, result.Total, plain(result.R), result.Energy.Low)
				fmt.Fprintf(w, "high\tenergy fraction %.4f; high.png is mid-gray plus %s times the high-pass image\n",
					result.Energy.High, plain(result.Contrast))
				for _, f := range result.Files {
					fmt.Fprintf(w, "written\t%s\n", f)
				}
			})
		},
	}
	radiusVar(cmd.Flags(), &q.R)
	nameVar(cmd.Flags(), &q.Dir, "output", "o", ".", "output folder")
	cmd.Flags().BoolVar(&q.Raw, "raw", false, "also write the arrays to split.safetensors")
	out.flags(cmd)
	return cmd
}
