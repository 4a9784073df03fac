package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hfcui/engine/bands"
	"hfcui/engine/experiment"
	"hfcui/engine/lab"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui"
	"hfcui/ui/opener"
)

// exploring is the explorer as configured by flags.
type exploring struct {
	lab     lab.Options
	screen  ui.Options
	images  []string
	setting func() bands.Setting
}

func exploreCommand() *cobra.Command {
	var e exploring
	cmd := &cobra.Command{
		Use:     "explore [IMAGE…]",
		Short:   "Open the explorer (the default command)",
		Example: "hfcui explore --model resnet20.pt --data cifar10\nhfcui explore photo.jpg",
		Args:    func(_ *cobra.Command, args []string) error { return notEmpty(args) },
		RunE:    e.run,
	}
	e.flags(cmd)
	return cmd
}

func (e *exploring) flags(cmd *cobra.Command) {
	modelFlags(cmd, &e.lab)
	dataFlags(cmd, &e.lab)
	flags := cmd.Flags()
	deviceVar(flags, &e.lab.Device)
	flags.StringArrayVar(&e.images, "image", nil, "image file to open instead of a dataset; repeatable")
	picturesVar(flags, &e.screen.Pictures)
	themeVar(flags, &e.screen.Theme)
	choiceVar(flags, &e.screen.Page, "page", "page to open", ui.PageNames()...)
	radiusVar(flags, &e.screen.Radius)
	countVar(flags, &e.screen.Index, "index", "", 0, 0, maxImages, "index of the image to open")
	e.setting = settingFlags(cmd)
}

func (e *exploring) run(cmd *cobra.Command, args []string) error {
	e.lab.Images = append(e.images, args...)
	if err := notEmpty(e.lab.Images); err != nil {
		return err
	}
	if len(e.lab.Images) > 0 {
		for _, other := range []string{"data", "split", "corruption", "severity", "labels"} {
			if cmd.Flags().Lookup(other).Changed {
				return usagef("--%s cannot be combined with image files: omit one of them", other)
			}
		}
	}
	for _, path := range e.lab.Images {
		if err := notAnImage(path); err != nil {
			return err
		}
	}
	l, err := e.open(cmd)
	if err != nil {
		return err
	}
	defer l.Close()
	o, free := e.program(l)
	defer free()
	o.Recent, o.Opened = opener.RecentFile(), e.chosen(cmd)
	return ui.Run(cmd.Context(), l, o)
}

// open opens the model and the data under the settings of evaluation.
func (e *exploring) open(cmd *cobra.Command) (*lab.Lab, error) {
	s := e.setting()
	e.screen.Normalize, e.screen.Statistics = s.Normalize, s.Statistics
	e.lab.Threads = leaveRoom()
	l, err := openLab(cmd, e.lab)
	if err != nil {
		return nil, err
	}
	if e.screen.Smoothing, err = l.Model().Canonical(s.Smoothing); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// program returns the options of a program that explores a Lab, and what frees them.
func (e *exploring) program(l *lab.Lab) (o ui.Options, free func()) {
	o = e.screen
	evolution := l.Evolution()
	o.Evolution, o.Watch = evolution, activeRuns(follow.RunsFolder)
	o.Training, o.Reproducing = trainingOf(l), reproducingOf(l)
	return o, func() { evolution.Close() }
}

// notAnImage returns an error for a path that is clearly no image: it names what opens it.
func notAnImage(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // reported where it is opened
	}
	switch word := shellWord(path); {
	case info.IsDir():
		return usagef("%s: a folder, not an image: open runs with hfcui watch %s, a dataset with hfcui --data %s", quoted(path), word, word)
	case slices.Contains([]string{".pt", ".pth", ".ckpt", ".safetensors", ".onnx"}, strings.ToLower(filepath.Ext(path))):
		return usagef("%s: a model, not an image: open it with hfcui --model %s", quoted(path), word)
	}
	return nil
}

// chosen returns what flags and arguments open; defaults are "".
func (e *exploring) chosen(cmd *cobra.Command) lab.Choice {
	c := lab.Choice{Images: e.lab.Images}
	if cmd.Flags().Changed("model") {
		c.Model = e.lab.Model
	}
	if cmd.Flags().Changed("data") {
		c.Data = e.lab.Data
	}
	return c
}

// leaveRoom raises GOMAXPROCS above the number of compute threads, which it returns. Otherwise a
// key press would wait for a running kernel to finish, and so would its picture; this way the
// operating system preempts the kernel at once.
func leaveRoom() (threads int) {
	const read, drawn = 1, 1
	threads = runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(threads + read + drawn)
	return threads
}

// trainingOf connects the Train page to a Lab.
func trainingOf(l *lab.Lab) *ui.Training {
	return &ui.Training{
		Recipe: l.Recipe,
		Start: func(ctx context.Context, c train.Config, dir string) (ui.TrainingRun, error) {
			run, err := l.Train(ctx, c, dir)
			if err != nil {
				return nil, err
			}
			return run, nil
		},
		Leave: func(dir string) { leaveRunning(dir, "train", "--run", dir) },
		Ended: func(dir string, err error) {
			var stopped *train.StoppedError
			switch {
			case err == nil:
				sayNote("the run in " + dir + " has finished")
			case errors.As(err, &stopped):
				sayNote(stoppedText(stopped, dir))
			default:
				sayNote(dir + ": " + err.Error())
			}
		},
	}
}

// reproducingOf connects the Experiments page to a Lab.
func reproducingOf(l *lab.Lab) *ui.Reproducing {
	return &ui.Reproducing{
		Expect: l.Expect,
		Start: func(ctx context.Context, e experiment.Experiment, size experiment.Size, dir string) (ui.Reproduction, error) {
			run, err := l.Reproduce(ctx, e, size, dir)
			if err != nil {
				return nil, err
			}
			return run, nil
		},
		Leave: func(e experiment.Experiment, size experiment.Size, dir string) {
			leaveRunning(dir, reproduceArgs(e, size, experiment.BegunOn(dir), dir)...)
		},
		Ended: func(e experiment.Experiment, size experiment.Size, dir string, err error) {
			var stopped *train.StoppedError
			switch {
			case err == nil:
				sayNote("the experiment in " + dir + " is done")
			case errors.As(err, &stopped), errors.Is(err, context.Canceled):
				sayNote("progress is saved; resume with: " + reproduceLine(e, size, experiment.BegunOn(dir), dir))
			default:
				sayNote(dir + ": " + err.Error())
			}
		},
	}
}

// runRoot runs the explorer, unless the first argument looks like an unknown command.
func (e *exploring) runRoot(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && !strings.ContainsAny(args[0], `./\`) {
		if _, err := os.Stat(args[0]); err != nil {
			var names []string
			for _, c := range cmd.Commands() {
				names = append(names, c.Name())
			}
			return usagef("unknown command %s%s; see hfcui --help", quoted(args[0]), didYouMean(args[0], names))
		}
	}
	return e.run(cmd, args)
}
