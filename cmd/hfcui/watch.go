package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/train"
	"hfcui/engine/train/export"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// measureFunc evaluates a new snapshot.
type measureFunc func(context.Context, follow.Snapshot) (*train.BandsEvent, error)

// watching holds the flags and state of a watch command.
type watching struct {
	dirs, names []string
	data        string
	given       model.Description // about checkpoints
	images      *dataset.Data     // nil without data
	deviceName  string
	device      plan.Device // nil without data
	bands       train.Bands
	silence     float64
	wait        bool
	plain       bool
	once, lines bool
	csvOrJSON   string
	tensorBoard string
	theme       string
	out         output
}

func watchCommand() *cobra.Command {
	w := &watching{bands: train.Bands{Radii: []float64{4, 8, 12, 16}, Every: 1}}
	cmd := &cobra.Command{
		Use:   "watch DIR…",
		Short: "Monitor training runs, or evaluate checkpoints as they appear",
		Long: "On a terminal, opens the Train page with these runs. Otherwise, or with --lines, prints one line per event of the run " +
			"folders that hfcui train writes, here or on another machine, until all runs have finished. A run may be " +
			"restarted, or stop responding; with --wait, it may start later.\n\n" +
			"All runs below a folder without a run of its own are watched.\n\n" +
			"A folder to which PyTorch saves .pt or .safetensors state dicts can be watched, too: with --data, accuracy on whole, " +
			"low-pass and high-pass images is evaluated for every new file.\n\n" +
			"--json, --export and --tensorboard write the current state and exit. CSV has one row per value: run, tag, time, seconds, " +
			"epoch, step, value and, for accuracies, correct, n and the 95 % CI.",
		Example: "hfcui watch runs\nhfcui watch runs/first runs/second\nhfcui watch runs --export runs.csv\nhfcui watch weights --data cifar10 --bands 4,8,12,16",
		Args:    atLeastOne("run folders"),
	}
	flags := cmd.Flags()
	flags.BoolVar(&w.once, "once", false, "print the current state and exit")
	flags.BoolVar(&w.wait, "wait", false, "wait for run folders that do not exist yet")
	flags.BoolVar(&w.plain, "lines", false, "print one line per event, on a terminal as well")
	flags.BoolVar(&w.lines, "jsonl", false, "print every event as one line of JSON")
	flags.Var((*number)(&w.silence), "silence", "seconds without an event after which a run is reported as silent (default 30)")
	namedVar(flags, &w.data, "data", "", "dataset folder or name to evaluate new checkpoints on", knownData)
	flags.Var((*radii)(&w.bands.Radii), "bands", "radii at which to evaluate bands")
	countVar(flags, &w.bands.Limit, "bands-n", "", 1000, 0, maxImages, "evaluate on the first N images (0: all)")
	choiceVar(flags, &w.bands.Split, "bands-split", "split to evaluate on", "test", "train")
	choiceVar(flags, &w.bands.Normalize, "bands-normalize", "normalization of low-pass and high-pass images", "none", "max", "std")
	choiceVar(flags, &w.bands.BN, "bands-bn", "statistics that batch norm uses", "running", "batch")
	deviceVar(flags, &w.deviceName)
	themeVar(flags, &w.theme)
	describeFlags(flags, &w.given)
	nameVar(flags, &w.csvOrJSON, "export", "", "", "file to export all events to, .csv or .json")
	nameVar(flags, &w.tensorBoard, "tensorboard", "", "", "folder to write TensorBoard event files to")
	w.out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return w.run(cmd, args) }
	return cmd
}

func (w *watching) run(cmd *cobra.Command, args []string) error {
	now := w.out.json || w.csvOrJSON != "" || w.tensorBoard != ""
	switch ext := filepath.Ext(w.csvOrJSON); {
	case w.csvOrJSON != "" && ext != ".csv" && ext != ".json":
		return usagef("--export %s: use a file name ending in .csv or .json", quoted(w.csvOrJSON))
	case w.lines && now:
		return usagef("--jsonl cannot be combined with --json, --export or --tensorboard")
	}
	if err := w.bands.Check(); err != nil {
		return &usageError{err}
	}
	measure, done, err := w.measurer(cmd)
	if err != nil {
		return err
	}
	defer done()
	dirs, notes, err := follow.Find(args, w.wait)
	for _, note := range notes {
		sayNote(note)
	}
	if err != nil {
		return err
	}
	w.dirs, w.names = dirs, follow.Names(dirs)
	switch {
	case !now && !w.once && !w.lines && !w.plain && onTerminal():
		return w.screen(cmd.Context(), measure)
	case !now:
		return w.follow(cmd.Context(), measure)
	}
	runs, err := w.collect(cmd.Context(), measure)
	if err != nil {
		return err
	}
	return w.write(runs)
}

// measurer returns a function that evaluates a snapshot, and one that frees its memory.
func (w *watching) measurer(cmd *cobra.Command) (measure measureFunc, done func(), err error) {
	if w.data == "" {
		for _, name := range []string{"bands", "bands-n", "bands-split", "bands-normalize", "bands-bn", "device"} {
			if cmd.Flags().Lookup(name).Changed {
				return nil, nil, usagef("--%s requires --data: the images to evaluate on", name)
			}
		}
		return nil, func() {}, nil
	}
	data, err := dataset.Open(cmd.Context(), w.data, dataset.Options{})
	if err != nil {
		return nil, nil, err
	}
	d, err := device.Open(w.deviceName, plan.DeviceOptions{})
	if err != nil {
		data.Close()
		return nil, nil, err
	}
	w.images, w.device = data, d
	return func(ctx context.Context, s follow.Snapshot) (*train.BandsEvent, error) {
		m, err := model.FromFileAs(s.Path, s.File, w.given)
		if err != nil {
			return nil, err
		}
		e, err := train.Measure(ctx, m, d, data, w.bands, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Path, err)
		}
		e.Stamp = train.Stamp{Type: "bands", Time: s.Time.UTC(), Step: max(0, s.Number), Epoch: max(0, s.Number)}
		return e, nil
	}, func() { data.Close() }, nil
}

// collect reads the current state.
func (w *watching) collect(ctx context.Context, measure measureFunc) ([]export.Run, error) {
	runs := make([]export.Run, len(w.dirs))
	for i, dir := range w.dirs {
		u, err := follow.Read(ctx, dir)
		if err != nil {
			return nil, err
		}
		runs[i] = export.Run{Name: w.names[i], State: u.State.String(), Config: u.Config, Notes: u.Notes, Events: u.Events}
		if u.Skipped > 0 {
			sayNote(fmt.Sprintf("%s: skipped %s that are not events", dir, kit.Counted(u.Skipped, "line")))
		}
		if measure == nil {
			continue
		}
		err = follow.Present(ctx, dir, func(s follow.Snapshot) {
			e, err := (*train.BandsEvent)(nil), s.Err
			if err == nil {
				e, err = measure(ctx, s)
			}
			if err != nil {
				sayNote(err.Error())
				return
			}
			runs[i].Events, runs[i].State = append(runs[i].Events, e), follow.Running.String()
		})
		if err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// write writes the requested files and reports them.
func (w *watching) write(runs []export.Run) error {
	var written []string
	file := func(path string, write func(io.Writer) error) error {
		written = append(written, path)
		return checkpoints.WriteAtomic(path, write)
	}
	if path := w.csvOrJSON; path != "" {
		write := export.CSV
		if filepath.Ext(path) == ".json" {
			write = export.JSON
		}
		if err := file(path, func(to io.Writer) error { return write(to, runs) }); err != nil {
			return err
		}
	}
	if w.tensorBoard != "" {
		for _, r := range runs {
			path, err := tensorBoardFile(w.tensorBoard, r)
			if err == nil {
				err = file(path, func(to io.Writer) error { return export.TensorBoard(to, r) })
			}
			if err != nil {
				return err
			}
		}
	}
	return w.out.print(export.Document(runs), func(to io.Writer) {
		for i, r := range runs {
			fmt.Fprintf(to, "%s\t%s, %s\n", oneLine(w.dirs[i]), kit.Counted(len(r.Events), "event"), r.State)
		}
		for _, path := range written {
			fmt.Fprintf(to, "written\t%s\n", oneLine(path))
		}
	})
}

// tensorBoardFile returns the path of a run's event file: in a folder of the run's name, with a
// fixed name that TensorBoard recognizes.
func tensorBoardFile(below string, r export.Run) (string, error) {
	dir := filepath.Join(below, strings.Trim(strings.Map(func(c rune) rune {
		if c == '/' || c == '\\' || c == ':' {
			return '_'
		}
		return c
	}, r.Name), "."))
	began := time.Unix(0, 0)
	if len(r.Events) > 0 {
		began = r.Events[0].At().Time
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("%s: cannot create folder (%v): use another one with --tensorboard", dir, errors.Unwrap(err))
	}
	return filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%d.hfcui", began.Unix())), nil
}
