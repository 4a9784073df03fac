package main

import (
	"fmt"
	"math"
	"strings"

	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// describe formats an event as one line of text.
func describe(e train.Event) string {
	switch e := e.(type) {
	case *train.StepEvent:
		return fmt.Sprintf("epoch %d  step %d of %d  loss %s%s  lr %s  %s images/s", e.Epoch, e.Step, e.Steps, known(e.Loss, "%.4f"),
			accuracyOf("train", e.Train), rateText(e.LearningRate), known(e.ImagesPerSecond, "%.0f"))
	case *train.EpochEvent:
		return fmt.Sprintf("epoch %d  loss %s%s%s  lr %s  %s images/s  %s", e.Epoch, known(e.Loss, "%.4f"),
			accuracyOf("train", e.Train), accuracyOf("test", e.Test), rateText(e.LearningRate), known(e.ImagesPerSecond, "%.0f"), seconds(e.Seconds))
	case *train.BandsEvent:
		return fmt.Sprintf("epoch %d  %s", e.Epoch, bandsText(e))
	case *train.CheckpointEvent:
		if e.Resumed {
			return fmt.Sprintf("epoch %d  resumed at step %d", e.Epoch, e.Step)
		}
		return fmt.Sprintf("epoch %d  checkpoint at step %d", e.Epoch, e.Step)
	case *train.PauseEvent:
		return fmt.Sprintf("epoch %d  paused at step %d", e.Epoch, e.Step)
	case *train.ResumeEvent:
		return fmt.Sprintf("epoch %d  resumed", e.Epoch)
	case *train.EndEvent:
		if e.Reason == train.Diverged && e.Error != "" {
			return fmt.Sprintf("epoch %d  %s", e.Epoch, oneLine(e.Error))
		}
		text := fmt.Sprintf("epoch %d  %s at step %d", e.Epoch, oneLine(e.Reason), e.Step)
		if e.Error != "" {
			text += ": " + oneLine(e.Error)
		}
		return text
	}
	return ""
}

// known formats a number; NaN is unknown.
func known(v float64, format string) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// bandsText formats the accuracy at every radius: "low 4: 27.1 %".
func bandsText(e *train.BandsEvent) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s images (band normalization: %s, batch norm: %s statistics)  whole %.2f %%",
		e.N, oneLine(e.Split), oneLine(e.Normalize), oneLine(e.BN), 100*e.Whole.Accuracy())
	for _, part := range []string{"low", "high"} {
		fmt.Fprintf(&b, "  %s", part)
		for _, band := range e.Bands {
			if band.Part == part {
				fmt.Fprintf(&b, " %s: %.2f %%", plain(band.R), 100*float64(band.Correct)/float64(max(band.N, 1)))
			}
		}
	}
	return b.String()
}

// accuracyOf formats a score with its 95 % CI and n; "" for nil.
func accuracyOf(what string, s *measure.Score) string {
	if s == nil {
		return ""
	}
	lo, hi := s.Wilson()
	return fmt.Sprintf("  %s %.2f %% (%.2f–%.2f, n %d)", what, 100*s.Accuracy(), 100*lo, 100*hi, s.N)
}

// rateText formats a learning rate to three significant digits.
func rateText(v float64) string { return known(v, "%.3g") }

// seconds formats a duration: 0.42 s, 12 s, 3 min 5 s, 2 h 10 min.
func seconds(s float64) string {
	whole := int(math.Round(s))
	switch {
	case math.IsNaN(s) || s < 0:
		return "–"
	case s < 10:
		return fmt.Sprintf("%.2g s", s)
	case whole < 60:
		return fmt.Sprintf("%d s", whole)
	case whole < 3600:
		return fmt.Sprintf("%d min %d s", whole/60, whole%60)
	case whole < 100*3600:
		return fmt.Sprintf("%d h %d min", whole/3600, whole%3600/60)
	}
	return fmt.Sprintf("%d days %d h", whole/86400, whole%86400/3600)
}
