package main

import (
	"context"
	"os"
	"time"

	"github.com/charmbracelet/x/term"

	"hfcui/engine/dataset"
	"hfcui/engine/evolution"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui"
)

// onTerminal reports whether the terminal program can run.
func onTerminal() bool {
	return term.IsTerminal(os.Stdout.Fd()) && term.IsTerminal(os.Stdin.Fd()) && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}

// screen shows the runs on the Train page until the program is quit.
func (w *watching) screen(ctx context.Context, measure measureFunc) error {
	watch := ui.Watch{Folders: w.dirs, Names: w.names, Silence: time.Duration(w.silence * float64(time.Second))}
	if measure != nil {
		watch.Measure = func(ctx context.Context, s follow.Snapshot) (*train.BandsEvent, error) { return measure(ctx, s) }
	}
	history := evolution.New(w.device, func() dataset.Set {
		if w.images == nil {
			return nil
		}
		return w.images.Test
	}, nil)
	defer history.Close()
	return ui.Run(ctx, nil, ui.Options{Page: "train", Theme: w.theme, Watch: watch, Evolution: history})
}
