package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"hfcui/engine/dataset"
	"hfcui/engine/experiment"
	"hfcui/engine/train"
)

func reproduceCommand() *cobra.Command {
	var list, quick, full bool
	var dir, device string
	data := "cifar10"
	var out output
	cmd := &cobra.Command{
		Use:   "reproduce NAME",
		Short: "Reproduce one of the paper's experiments",
		Long: "Trains every setting of the grid with every seed and writes a report: tables with confidence intervals, " +
			"figures, and a verdict on each criterion. Every run is an ordinary run folder inside the experiment's.\n\n" +
			"After an interruption of any kind, the same command resumes it.",
		Example: "hfcui reproduce table1 --quick --data cifar10 --run runs/table1-quick",
	}
	flags := cmd.Flags()
	flags.BoolVar(&list, "list", false, "list the experiments")
	flags.BoolVar(&quick, "quick", false, "a small network and few images, sized for two cores (default)")
	flags.BoolVar(&full, "full", false, "the paper's setup")
	namedVar(flags, &data, "data", data, "dataset folder or name", knownData)
	deviceVar(flags, &device)
	nameVar(flags, &dir, "run", "", "", "experiment folder (default runs/NAME-quick or runs/NAME-full)")
	out.flags(cmd)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if list {
			return exactly(0, "no arguments")(cmd, args)
		}
		return exactly(1, "experiment name")(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if list {
			return listExperiments(out)
		}
		if quick && full {
			return usagef("--quick and --full are mutually exclusive")
		}
		e, err := experiment.ByName(args[0])
		if err != nil {
			return usagef("%w%s", err, didYouMean(args[0], experiment.Names()))
		}
		size := experiment.Quick
		if full {
			size = experiment.Full
		}
		if dir == "" {
			dir = filepath.Join("runs", e.Name+"-"+string(size))
		}
		return reproduce(cmd.Context(), e, size, data, device, dir, out)
	}
	return cmd
}

func listExperiments(out output) error {
	type line struct {
		Name  string `json:"name"`
		About string `json:"about"`
		Runs  int    `json:"runs"`
	}
	var lines []line
	for _, e := range experiment.All() {
		p := e.Plan(experiment.Quick, "", 1)
		lines = append(lines, line{e.Name, e.About, len(p.Settings) * len(p.Seeds)})
	}
	return out.print(lines, func(w io.Writer) {
		for _, l := range lines {
			fmt.Fprintf(w, "%s\t%s\t%d runs\n", l.Name, l.About, l.Runs)
		}
	})
}

// reproduce runs or resumes an experiment and prints its report.
func reproduce(ctx context.Context, e experiment.Experiment, size experiment.Size, name, device, dir string, out output) error {
	data, err := dataset.Open(ctx, name, dataset.Options{})
	if err != nil {
		return err
	}
	defer data.Close()
	p := e.Plan(size, name, experiment.Threads(dir, runtime.GOMAXPROCS(0))).On(experiment.Device(dir, device))
	lines := experimentLines{progress: newProgress()}
	grid, err := experiment.Reproduce(ctx, dir, p, data, nil, lines.tell)
	lines.clear()
	var stopped *train.StoppedError
	if errors.As(err, &stopped) || ctx.Err() != nil && err != nil {
		return &interruptedError{err, "progress is saved; resume with: " + reproduceLine(e, size, name, dir)}
	}
	if err != nil {
		return err
	}
	summary, err := experiment.Report(dir, p, grid)
	if err != nil {
		return err
	}
	return out.print(summary, func(w io.Writer) {
		for _, f := range summary.Criteria {
			fmt.Fprintf(w, "%s\t%s\n", f.Verdict, f.Criterion)
		}
		if n := len(summary.Marked()); n > 0 {
			fmt.Fprintf(w, "marked\t%d values failed a sanity check: see the report\n", n)
		}
		fmt.Fprintf(w, "report\t%s\n", oneLine(summary.Report))
	})
}

// reproduceLine returns the command line that resumes an experiment.
func reproduceLine(e experiment.Experiment, size experiment.Size, data, dir string) string {
	line := "hfcui"
	for _, arg := range reproduceArgs(e, size, data, dir) {
		line += " " + shellWord(arg)
	}
	return line
}

// reproduceArgs are the arguments of that command.
func reproduceArgs(e experiment.Experiment, size experiment.Size, data, dir string) []string {
	return []string{"reproduce", e.Name, "--" + string(size), "--data", data, "--run", dir}
}

// experimentLines reports the progress of an experiment: a line per run, and on a terminal a
// progress bar of the current one.
type experimentLines struct{ *progress }

func (l experimentLines) tell(p experiment.Progress) {
	what := fmt.Sprintf("run %d of %d: %s, seed %d", p.Run, p.Runs, p.Setting, p.Seed)
	left := ""
	if p.Left > 0 && p.Part < 1 {
		left = "  ETA " + seconds(p.Left.Seconds())
	}
	if !p.Done {
		doing := fmt.Sprintf("epoch %d of %d", p.Training.Epoch, p.Training.Epochs)
		if p.Measuring != "" {
			doing = "evaluating " + p.Measuring
		}
		l.set("%s  %s  %s%s", bar(int64(p.Part*1000), 1000), what, doing, left)
		return
	}
	l.clear()
	if p.Reused {
		what += "  reused from another experiment"
	}
	if p.Skipped {
		what += "  already done"
		left = ""
	}
	fmt.Fprintf(os.Stderr, "%s%s\n", what, left)
}
