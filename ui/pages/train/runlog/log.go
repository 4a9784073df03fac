package runlog

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// LogLine is an event of a run in words.
type LogLine struct {
	Time time.Time
	Step int
	Text string
	Warn bool // something is wrong
	Note bool // a person's
}

// maxLog is the number of lines of a log that are shown.
const maxLog = 200

// log returns the last events and notes of a run in words, up to the cursor if there is one, the
// newest last.
func (l *runLog) log(q FigureRequest) []LogLine {
	x, a, here := q.Cursor, q.Axis, l.stepAt(q)
	reached := func(s *train.Stamp) bool { return x < 0 || l.x(s, a) <= x+1e-9 }
	var lines []LogLine
	for i := len(l.Events) - 1; i >= 0 && len(lines) < maxLog; i-- {
		e := l.Events[i]
		if !reached(e.At()) {
			continue
		}
		if line, ok := l.inWords(e); ok {
			lines = append(lines, line)
		}
	}
	slices.Reverse(lines)
	for _, c := range l.changes {
		if reached(&c.Stamp) && (len(lines) == 0 || len(lines) < maxLog || c.Step >= lines[0].Step) {
			lines = append(lines, LogLine{Time: c.Time, Step: c.Step, Text: c.text})
		}
	}
	for _, n := range l.Notes {
		if n.Step <= here {
			lines = append(lines, LogLine{Time: n.Time, Step: n.Step, Text: kit.Clean(n.Text), Note: true})
		}
	}
	slices.SortStableFunc(lines, func(a, b LogLine) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(boolInt(a.Note), boolInt(b.Note)), a.Time.Compare(b.Time))
	})
	if x < 0 {
		lines = append(lines, l.warnings()...)
	}
	return lines[max(0, len(lines)-maxLog):]
}

// warnings are what is wrong now.
func (l *runLog) warnings() (list []LogLine) {
	add := func(text string) {
		list = append(list, LogLine{Step: math.MaxInt, Text: text, Warn: true})
	}
	if l.skipped > 0 {
		add(kit.Counted(l.skipped, "line") + " of " + train.EventsFile + " skipped: not events")
	}
	if l.fault != "" {
		add(l.fault)
	}
	if l.State == follow.Silent {
		text, _ := l.status()
		add(text)
	}
	return list
}

// inWords describes an event; false for those of steps.
func (l *runLog) inWords(e train.Event) (line LogLine, ok bool) {
	at := e.At()
	line = LogLine{Time: at.Time, Step: at.Step}
	switch e := e.(type) {
	case *train.EpochEvent:
		line.Text = fmt.Sprintf("epoch %d done: loss %s%s%s", e.Epoch, kit.Decimals(e.Loss, "%.4f"), scoreWords("train", e.Train), scoreWords("test", e.Test))
		if e.Checkpoint != "" {
			line.Text += ", model kept"
		}
	case *train.BandsEvent:
		line.Text = fmt.Sprintf("bands evaluated on %s %s images: whole %s%%", kit.Grouped(e.N), kit.Clean(e.Split), trimmedPercent(e.Whole.Accuracy()))
	case *train.CheckpointEvent:
		line.Text = fmt.Sprintf("checkpoint saved at step %s", kit.Grouped(e.Step))
		if e.Resumed {
			line.Text = fmt.Sprintf("resumed at step %s", kit.Grouped(e.Step))
		}
	case *train.PauseEvent:
		line.Text = "paused"
	case *train.ResumeEvent:
		line.Text = "resumed from pause"
	case *train.EndEvent:
		line.Text = kit.Clean(e.Reason)
		if e.Error != "" {
			line.Text, line.Warn = line.Text+": "+kit.Clean(e.Error), true
		}
	default:
		return line, false
	}
	return line, true
}

func scoreWords(what string, s *measure.Score) string {
	if s == nil || s.N == 0 {
		return ""
	}
	return fmt.Sprintf(", %s %s%%", what, trimmedPercent(s.Accuracy()))
}

func trimmedPercent(v float64) string { return fmt.Sprintf("%.1f", 100*v) }

// rateChange is a step at which the learning rate has dropped or risen abruptly.
type rateChange struct {
	train.Stamp
	text string
}

// abrupt is the factor from which a change of the learning rate between step events counts.
const abrupt = 1.9

// takeRate looks for an abrupt change of the learning rate. Schedules other than step change it all
// the time.
func (l *runLog) takeRate(e *train.StepEvent) {
	if l.Config != nil && l.Config.Schedule != "step" {
		return
	}
	now := e.LearningRate
	if last := l.rate; last > 0 && now > 0 && (now/last > abrupt || last/now > abrupt) && len(l.changes) < maxLog {
		l.changes = append(l.changes, rateChange{e.Stamp, fmt.Sprintf("learning rate %.3g → %.3g", last, now)})
	}
	l.rate = now
}

// secondsAt returns the time of a run at a step, by the last event up to it.
func (l *runLog) secondsAt(step int) float64 {
	if e := upTo(l.steps, func(e *train.StepEvent) bool { return e.Step <= step }); e != nil {
		return e.Seconds
	}
	if e := upTo(l.epochs, func(e *train.EpochEvent) bool { return e.Step <= step }); e != nil {
		return e.Seconds
	}
	return 0
}

// NoteMark is a note on the charts.
type NoteMark struct {
	X    float64 // on the axis
	Step int
	Row  int // of its run
	Text string
}

// Has reports whether a panel has a curve of a row: notes are drawn where it has.
func (f *Figure) Has(k PanelKind, row int) bool {
	return slices.ContainsFunc(f.Panels[k].Curves, func(c CurveFigure) bool { return c.Row == row })
}

// addNotes adds the notes of the shown rows' runs.
func (f *Figure) addNotes(runs []runLog) {
	for i := range f.Runs {
		if f.Runs[i].Hidden || f.Runs[i].Color == Uncolored && f.Runs[i].ID != f.Asked.Run {
			continue
		}
		for _, id := range f.Runs[i].Members {
			l := &runs[id]
			for _, n := range l.Notes {
				s := train.Stamp{Step: n.Step, Seconds: l.secondsAt(n.Step)}
				if per := l.perEpoch(); per > 0 {
					s.Epoch = int(math.Ceil(float64(n.Step) / per))
				}
				f.Notes = append(f.Notes, NoteMark{X: l.x(&s, f.Asked.Axis), Step: n.Step, Row: i, Text: kit.Clean(n.Text)})
			}
		}
	}
}
