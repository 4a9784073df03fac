package main

import (
	"os"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
)

// newRoot returns the root command, which is the explorer without a subcommand.
func newRoot() *cobra.Command {
	var e exploring
	root := &cobra.Command{
		Use:   "hfcui [IMAGE…]",
		Short: "Explore how a CNN uses low and high image frequencies",
		Long: "hfcui opens a convolutional network and a dataset, splits each image at a cutoff radius r in the " +
			"Fourier plane, and shows the model's predictions on the low-pass and the high-pass image. " +
			"Without a command it opens the explorer, in which O opens models, datasets, images and runs; the commands " +
			"run the same measurements headless. Accuracy is measured where the dataset's classes are the model's: give --model and --data together.",
		Args:          func(_ *cobra.Command, args []string) error { return notEmpty(args) },
		RunE:          e.runRoot,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	e.flags(root)
	root.AddCommand(exploreCommand(), splitCommand(), predictCommand(), bandsCommand(), flipsCommand(), kernelsCommand(), heatmapCommand(), attackCommand(),
		trainCommand(), watchCommand(), reproduceCommand(), serveCommand(), dataCommand(), modelCommand(), benchCommand(), doctorCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(help)
	root.SetHelpCommand(helpCommand())
	return root
}

// help prints help with fang's layout. Errors do not use fang, which would query the terminal's
// background color first and wait for the reply.
func help(cmd *cobra.Command, _ []string) {
	root := cmd.Root()
	root.SetArgs(append(strings.Fields(cmd.CommandPath())[1:], "--help"))
	if err := fang.Execute(cmd.Context(), root, fang.WithoutManpage(), fang.WithoutVersion(), fang.WithoutCompletions()); err != nil {
		os.Exit(report(os.Stderr, err, nil))
	}
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show help for a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("unknown command %s; see hfcui --help", quoted(strings.Join(args, " ")))
			}
			return about.Help()
		},
	}
}
