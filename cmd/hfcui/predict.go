package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hfcui/engine"
)

func predictCommand() *cobra.Command {
	var o engine.Options
	var q engine.PredictRequest
	var part string
	var out output
	parts := []string{engine.Whole.String(), engine.Low.String(), engine.High.String()}
	cmd := &cobra.Command{
		Use:   "predict IMAGE…",
		Short: "Predict the classes of images, or of their low-pass or high-pass images",
		Long: "Prints the most probable classes. Images whose size differs from the model's input are " +
			"resized first, then split, so r is in cycles per image at the model's resolution.",
		Example: "hfcui predict photo.jpg --model resnet20.pt --part low -r 8",
		Args:    atLeastOne("image files"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, name := range parts {
				if part == name {
					q.Part = engine.Part(i)
				}
			}
			if q.Part != engine.Whole {
				if err := required(cmd, "radius"); err != nil {
					return err
				}
			}
			q.Images = args
			answers, err := engine.PredictFiles(cmd.Context(), o, q)
			if err != nil {
				return err
			}
			return out.print(answers, func(w io.Writer) {
				for _, a := range answers {
					what := a.Part
					if a.R != nil {
						what += fmt.Sprintf(" r=%s", plain(*a.R))
					}
					fmt.Fprintf(w, "%s\t%s", oneLine(a.Image), what)
					for _, t := range a.Top {
						fmt.Fprintf(w, "\t%5.1f %% %s", 100*t.P, t.Class)
					}
					fmt.Fprintln(w)
				}
			})
		},
	}
	modelFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	choiceVar(cmd.Flags(), &part, "part", "what the model is given", parts...)
	radiusVar(cmd.Flags(), &q.R)
	smoothingFlags(cmd.Flags(), &q.Smoothing)
	out.flags(cmd)
	return cmd
}
