package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/predict"
)

func predictCommand() *cobra.Command {
	var o lab.Options
	var q predict.Request
	var part string
	var out output
	parts := []string{bands.Whole.String(), bands.Low.String(), bands.High.String()}
	cmd := &cobra.Command{
		Use:   "predict IMAGE…",
		Short: "Predict the classes of images, or of their low-pass or high-pass images",
		Long: "Prints the most probable classes. Images whose size differs from the model's input are " +
			"fitted to it first (--fit), then split, so r is in cycles per image at the model's resolution.",
		Example: "hfcui predict photo.jpg --model resnet20.pt --part low -r 8",
		Args:    atLeastOne("image files"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, name := range parts {
				if part == name {
					q.Part = bands.Part(i)
				}
			}
			if q.Part != bands.Whole {
				if err := required(cmd, "radius"); err != nil {
					return err
				}
			}
			q.Images = args
			m, err := model.LoadAs(o.Model, o.Given)
			if err != nil {
				return err
			}
			d, err := device.Open(o.Device, plan.DeviceOptions{})
			if err != nil {
				return err
			}
			q.Threads = d.Threads()
			answers, err := predict.Files(cmd.Context(), m, d, q)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("model") {
				sayNote(lab.DefaultModelNote + "; choose another model with --model")
			}
			reading := sayUnchecked(m)
			return out.print(withReading(answers, reading), func(w io.Writer) {
				readingLines(w, reading)
				for _, a := range answers {
					what := a.Part
					if a.R != nil {
						what += fmt.Sprintf(" r=%s", plain(*a.R))
					}
					fmt.Fprintf(w, "%s\t%s", oneLine(a.Image), what)
					for _, t := range a.Top {
						fmt.Fprintf(w, "\t%5.1f %% %s", 100*t.P, t.Class)
					}
					if a.Orientation != 0 {
						fmt.Fprintf(w, "\t%s", dataset.TurnedText(a.Orientation))
					}
					fmt.Fprintln(w)
				}
			})
		},
	}
	modelFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	choiceVar(cmd.Flags(), &part, "part", "model input", parts...)
	radiusVar(cmd.Flags(), &q.R)
	fitVar(cmd.Flags(), &q.Fit)
	smoothingFlags(cmd.Flags(), &q.Smoothing)
	out.flags(cmd)
	return cmd
}
