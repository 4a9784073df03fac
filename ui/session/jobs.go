package session

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// Subject says what a job runs on: "demo, ρ 0.5 · shapes test".
func (s *Session) Subject(name, split string, smoothing model.Smoothing) string {
	text := kit.Clean(name)
	if smoothing.Rho > 0 {
		text += ", " + SmoothingText(smoothing)
	}
	return fmt.Sprintf("%s · %s %s", text, kit.Clean(s.Info.Data), kit.Clean(split))
}

// Jobs lists the check of the open model and the comparison models being opened.
func (s *Session) Jobs() []kit.JobInfo {
	var list []kit.JobInfo
	if s.checking != nil {
		j := kit.JobInfo{Name: "model check", Of: s.Subject(s.Info.Model, s.Info.Split, model.Smoothing{}), Share: -1, Stop: s.stopChecking}
		if s.evaluated > 0 {
			j.Count = kit.Counted(s.evaluated, "image")
		}
		list = append(list, j)
	}
	for _, o := range s.opening {
		list = append(list, kit.JobInfo{Name: "opening model", Of: kit.Clean(o.path), Share: -1, Stop: func() tea.Cmd {
			o.job.Cancel()
			return nil
		}})
	}
	return list
}
