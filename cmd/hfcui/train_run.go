package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/train"
)

// runTraining trains, reports every epoch on stderr, and prints the last one.
func runTraining(cmd *cobra.Command, dir string, c train.Config, out output) error {
	if err := c.Check(); err != nil {
		return &usageError{err}
	}
	data, err := dataset.Open(cmd.Context(), c.Data, dataset.Options{})
	if err != nil {
		return err
	}
	defer data.Close()
	device, err := c.OpenDevice()
	if err != nil {
		return err
	}
	sayNote(device.Note())
	w := newTrainingLines(os.Stderr)
	result, err := train.Run(cmd.Context(), dir, c, data, device, train.Options{Event: w.event, Progress: w.progress, Begins: func(m *model.Model) { w.begins(c.Model, m) }, Notes: func(notes []string) {
		for _, note := range notes {
			sayNote(note)
		}
	}})
	w.clear()
	var stopped *train.StoppedError
	if errors.As(err, &stopped) {
		return &interruptedError{stopped, stoppedText(stopped, dir)}
	}
	if err != nil {
		return err
	}
	if result.Already {
		sayNote(fmt.Sprintf("the run in %s has already finished: use another folder with --run to start a new one", dir))
	}
	return out.print(result.Last, func(w io.Writer) { trainedTable(w, dir, result.Last) })
}

// interruptedError is a command's error after a signal, with how to resume.
type interruptedError struct {
	error
	hint string
}

func (e *interruptedError) Unwrap() error { return e.error }

// stoppedText reports that a run was stopped and how to resume it.
func stoppedText(err *train.StoppedError, dir string) string {
	return fmt.Sprintf("%s; resume with: hfcui train --run %s", err, shellWord(dir))
}

// shellWord quotes a word for a shell if needed.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func trainedTable(w io.Writer, dir string, last *train.EpochEvent) {
	fmt.Fprintf(w, "epoch\t%d, step %d\n", last.Epoch, last.Step)
	fmt.Fprintf(w, "loss\t%.4f\n", last.Loss)
	if last.Train != nil {
		fmt.Fprintf(w, "train\t%s\n", percent(*last.Train))
	}
	if last.Test != nil {
		fmt.Fprintf(w, "test\t%s\n", percent(*last.Test))
	}
	fmt.Fprintf(w, "throughput\t%.0f images/s, %s\n", last.ImagesPerSecond, seconds(last.Seconds))
	fmt.Fprintf(w, "run\t%s\n", oneLine(dir))
}

// linePause is the time without a line after which progress is reported where there is no bar.
const linePause = 20 * time.Second

// trainingLines reports a training run: one line per epoch; below them a progress bar on a terminal,
// and within long epochs a line every linePause elsewhere.
type trainingLines struct {
	to    io.Writer
	width func() int // of the terminal; nil if there is none
	shown bool       // the bar is shown
	last  time.Time  // of the bar, or of a line without it
	left  time.Duration
}

// newTrainingLines writes to f, with a bar if that is a terminal.
func newTrainingLines(f *os.File) *trainingLines {
	w := &trainingLines{to: f, last: time.Now()}
	if term.IsTerminal(f.Fd()) {
		w.width = func() int {
			columns, _, err := term.GetSize(f.Fd())
			if err != nil || columns < 1 {
				return 80
			}
			return columns
		}
	}
	return w
}

// begins reports the model that a run starts from and how its input is normalized.
func (w *trainingLines) begins(path string, m *model.Model) {
	r := m.Reading()
	fmt.Fprintf(w.to, "starting from %s: %s, %s\n", oneLine(path), oneLine(m.Net.Name), r.Normalization())
	if r.Normalized == model.Assumed {
		sayNote(fmt.Sprintf("%s has no input normalization: use --mean and --std if it was trained with one", path))
	}
}

func (w *trainingLines) event(e train.Event) {
	line := describe(e)
	switch e := e.(type) {
	case *train.EpochEvent:
		if w.left > 0 {
			line += fmt.Sprintf("  ETA %s", seconds(w.left.Seconds()))
		}
	case *train.BandsEvent:
	case *train.CheckpointEvent:
		if !e.Resumed {
			return
		}
	default:
		return
	}
	w.clear()
	if w.width == nil {
		w.last = time.Now()
	}
	fmt.Fprintln(w.to, line)
}

func (w *trainingLines) progress(p train.Progress) {
	w.left = p.Left
	pause := progressPause
	if w.width == nil {
		pause = linePause
	}
	if time.Since(w.last) < pause {
		return
	}
	w.last = time.Now()
	if w.width == nil {
		fmt.Fprintln(w.to, progressText(p, fmt.Sprintf("%d of %d", p.Done, p.Of)))
		return
	}
	w.shown = true
	fmt.Fprintf(w.to, "\r\x1b[K%s", ansi.Truncate(progressText(p, bar(int64(p.Done), int64(p.Of))), w.width()-1, "…"))
}

// progressText formats the progress within an epoch; share is how much of it is done.
func progressText(p train.Progress, share string) string {
	line := fmt.Sprintf("epoch %d of %d  ", p.Epoch, p.Epochs)
	if p.Doing != "train" {
		line += fmt.Sprintf("evaluating %s  %s", p.Doing, share)
	} else if line += share; p.ImagesPerSecond > 0 {
		line += fmt.Sprintf("  loss %.3f  %.0f images/s", p.Loss, p.ImagesPerSecond)
	}
	if p.Left > 0 {
		line += fmt.Sprintf("  ETA %s", seconds(p.Left.Seconds()))
	}
	return line
}

// clear removes the bar, so that what follows starts on a clean line.
func (w *trainingLines) clear() {
	if w.shown {
		w.shown = false
		fmt.Fprint(w.to, "\r\x1b[K")
	}
}

// whyEnded returns the suffix of a signal's report: how to resume, or another error.
func whyEnded(err error, by endedBy) string {
	var interrupted *interruptedError
	switch {
	case errors.As(err, &interrupted):
		return ": " + interrupted.hint
	case err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, by): // the signal has been named
		return ": " + err.Error()
	}
	return ""
}
