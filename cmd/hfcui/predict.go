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
		Short: "Ask a model about images, or about their low or high parts",
		Long: "Names the classes a model finds most probable. Images of another size than the model's " +
			"input are resized to it, then split, so r counts in the model's own resolution.",
		Example: "hfcui predict photo.jpg --model resnet20.pt --part low -r 8",
		Args:    atLeastOne("images"),
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
	choiceVar(cmd.Flags(), &part, "part", "what the model sees of an image", parts...)
	radiusVar(cmd.Flags(), &q.R)
	smoothingFlags(cmd.Flags(), &q.Smoothing)
	out.flags(cmd)
	return cmd
}
