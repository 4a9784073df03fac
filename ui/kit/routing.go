package kit

import (
	tea "charm.land/bubbletea/v2"
)

// Receiver takes what its own work in the background tells: a page, or the session.
type Receiver interface{ Receive(msg tea.Msg) tea.Cmd }

// Routed is a message on its way to the one whose work it comes from.
type Routed struct {
	To  Receiver
	Msg tea.Msg
}

// Route has the message of a command delivered to a receiver.
func Route(to Receiver, cmd tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		if msg := cmd(); msg != nil {
			return Routed{to, msg}
		}
		return nil
	}
}

// Deliver hands the message on and, where a job goes on, waits for its next report. It tells
// whether a job ended, and the crash there was instead of a message.
func (m Routed) Deliver() (cmd tea.Cmd, ended bool, crashed error) {
	switch msg := m.Msg.(type) {
	case Crash:
		return nil, false, msg
	case Report:
		if c, ok := msg.Msg.(Crash); ok {
			return nil, false, c
		}
		cmd := m.To.Receive(msg)
		if msg.Done {
			return cmd, true, nil
		}
		return tea.Batch(cmd, Route(m.To, msg.Job.Wait)), false, nil
	}
	return m.To.Receive(m.Msg), false, nil
}
