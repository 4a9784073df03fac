package train

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
)

// earlierMsg has the runs in the folder of runs: their number, and those that can be resumed.
type earlierMsg struct {
	n         int
	resumable []follow.Unfinished
}

// findEarlier looks for runs in the folder of runs, in the background, while none is shown.
func (p *Page) findEarlier() tea.Cmd {
	if p.options.Training == nil || len(p.fig.Runs) > 0 {
		return nil
	}
	base := p.options.Folder
	return p.screen.Task(func() tea.Msg { return earlierMsg{len(follow.Earlier(base)), follow.Resumable(base)} })
}

// resumeEarlier lets one of the earlier runs be chosen, newest first, and resumes it.
func (p *Page) resumeEarlier() tea.Cmd {
	var choices []kit.Choice
	for _, run := range p.earlier.resumable {
		choices = append(choices, kit.Choice{Text: kit.Clean(run.Name), Note: describeUnfinished(run, time.Now()), Do: func() tea.Cmd {
			return p.begin(run.Dir, train.Config{})
		}})
	}
	return p.screen.Open(kit.NewPicker(p.screen, "Resume run", "run", choices))
}

// describeUnfinished says on which data a run is, how far it is, and how old.
func describeUnfinished(run follow.Unfinished, now time.Time) string {
	text := kit.Clean(run.Config.Data)
	switch {
	case run.Last.Step == 0:
		return text + ", no step yet"
	case run.Config.Epochs > 0:
		text += fmt.Sprintf(", epoch %d/%d", run.Last.Epoch, run.Config.Epochs)
	default:
		text += fmt.Sprintf(", step %s/%s", kit.Grouped(run.Last.Step), kit.Grouped(run.Config.Steps))
	}
	if age := now.Sub(run.Last.Time); age > 0 {
		text += ", " + kit.RoundDuration(age) + " ago"
	}
	return text
}

// withoutRuns says what the keys do while no run is shown.
func (p *Page) withoutRuns() string {
	text := "No runs yet. "
	if p.earlier.n > 0 {
		text = fmt.Sprintf("%s in %s/ (%s opens them)", kit.Counted(p.earlier.n, "earlier run"), follow.RunsFolder, kit.Open.Label)
		if n := len(p.earlier.resumable); n > 0 {
			text += fmt.Sprintf(", %d unfinished (%s resumes one)", n, kit.Resume.Label)
		}
		text += ". "
	}
	return text + "Press " + kit.New.Label + " to train a network on the open dataset: enter starts a quick run."
}
