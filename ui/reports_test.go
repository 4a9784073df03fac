package ui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// teller says what reports tell, and how many.
type teller struct {
	app   *App
	count int
}

func (r *teller) Receive(msg tea.Msg) tea.Cmd {
	r.count++
	r.app.say(msg.(kit.Report).Msg.(string))
	return nil
}

// While keys are pressed reports wait, but not longer than for the first key after longestHold; the end
// of a job is taken notice of at once, and shown at once if the last key started it.
func TestReportsWaitForInputToPause(t *testing.T) {
	d := sixel(t, 100, 30)
	d.Hold = true
	to := &teller{app: d.App}
	old, young := &kit.Job{}, &kit.Job{}
	d.App.claims[old] = claim{to: to, since: time.Now()}
	d.Keys("right")
	d.App.claims[young] = claim{to: to, since: time.Now()}
	tell := func(j *kit.Job, text string, done bool) {
		d.Send(kit.Routed{To: to, Msg: kit.Report{Job: j, Msg: text, Done: done}})
	}
	tell(old, "first", false)
	d.Hides("first")
	d.Send(pauseMsg{})
	if d.Hides("first"); to.count != 0 {
		t.Fatal("a report was handed on during input")
	}
	d.App.input = time.Now().Add(-inputPause)
	if d.Send(pauseMsg{}); to.count != 1 {
		t.Fatal("a pause hands nothing on")
	}
	d.Shows("first")

	d.Keys("left")
	tell(old, "second", false)
	if d.Keys("right"); to.count != 1 {
		t.Fatal("a key hands on what has just come")
	}
	d.App.held[0].at = time.Now().Add(-longestHold)
	if d.Keys("left"); to.count != 2 {
		t.Fatal("a report waits for ever")
	}
	d.Shows("second")

	if tell(old, "third", true); to.count != 3 || len(d.App.claims) != 1 {
		t.Error("the end of a job waits for input to pause")
	}
	d.Hides("third")
	d.App.claims[young] = claim{to: to, since: time.Now()}
	tell(young, "fourth", true)
	d.Shows("fourth")
}
