package session

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/ui/kit"
)

// reopened tells that another model or other data were opened, or why not.
type reopened struct {
	choice lab.Choice
	info   lab.Info
	err    error
	then   func(error) tea.Cmd
}

// Reopen opens another model, other data, or another device in the background; what is open stays usable until
// then. then is called with the outcome, before pages are notified of the change.
func (s *Session) Reopen(ctx context.Context, c lab.Choice, then func(error) tea.Cmd) tea.Cmd {
	l := s.Lab
	return s.Screen.Task(func() tea.Msg {
		err := l.Reopen(ctx, c)
		return reopened{c, l.Info(), err, then}
	})
}

func (s *Session) reopened(msg reopened) tea.Cmd {
	then := msg.then(msg.err)
	if msg.err != nil {
		return then
	}
	s.loss = s.Lab.Loss()
	if msg.choice.Data != "" || len(msg.choice.Images) > 0 {
		s.Index = 0
	}
	var record tea.Cmd
	if s.Opened != nil {
		record = s.Opened(msg.choice)
	}
	return tea.Batch(record, s.ModelChanged(msg.info), s.checkComparisons(), then)
}

// Lost says so once when the CPU has taken over from a device. It is called after every message.
func (s *Session) Lost() tea.Cmd {
	if s.Lab == nil {
		return nil
	}
	loss := s.Lab.Loss()
	if loss == s.loss {
		return nil
	}
	s.loss = loss
	info := s.Lab.Info()
	s.Info.Device, s.Info.Note = info.Device, info.Note
	s.Screen.Say(loss)
	return s.Announce(ChangedNotice)
}

// comparisonsChecked has the comparison models that can still be compared, and why others cannot.
type comparisonsChecked struct {
	before []ShownModel
	kept   map[string]lab.Info
	gone   []string
}

// checkComparisons opens the comparison models on the images that now are open.
func (s *Session) checkComparisons() tea.Cmd {
	if len(s.Comparisons) == 0 {
		return nil
	}
	l, ctx := s.Lab, s.Screen.Context()
	before := slices.Clone(s.Comparisons)
	return s.Screen.Task(func() tea.Msg {
		msg := comparisonsChecked{before: before, kept: map[string]lab.Info{}}
		for _, m := range before {
			info, err := l.OpenComparison(ctx, m.Path)
			if err != nil {
				msg.gone = append(msg.gone, m.Name)
				continue
			}
			msg.kept[m.Path] = info
		}
		return msg
	})
}

// comparisonsChecked removes the models that can no longer be compared.
func (s *Session) comparisonsChecked(msg comparisonsChecked) tea.Cmd {
	var list []ShownModel
	for _, m := range s.Comparisons {
		info, ok := msg.kept[m.Path]
		switch {
		case ok:
			m.info = info
		case slices.ContainsFunc(msg.before, func(b ShownModel) bool { return b.Path == m.Path }):
			continue
		}
		list = append(list, m)
	}
	s.Comparisons = list
	if len(msg.gone) > 0 {
		s.Screen.Say("removed from the comparison (different input size): " + kit.Clean(strings.Join(msg.gone, ", ")))
	}
	return s.Announce(ChangedModels)
}

// Unpaired reports whether the model was chosen, but its data were not, and do not belong to it.
func (s *Session) Unpaired() bool {
	return s.Modeled() && !s.Info.Labeled && s.Info.DefaultData && !s.Info.DefaultModel
}
