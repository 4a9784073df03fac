package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// ModelKeys open another model, on every page.
var ModelKeys = kit.Keymap[*Session]{
	{Act: kit.ModelForm, Name: "Open model: file, normalization, input, classes …", When: (*Session).Modeled, Do: (*Session).chooseModel},
}

// modelDialog asks for a model's file and what it does not say.
type modelDialog struct {
	kit.Form[modelChoice]
	session *Session
	busy    bool
}

// modelChoice is what the dialog asks for.
type modelChoice struct {
	path string
	said model.Description
}

// chooseModel opens the dialog. Where something is clearly better than what the open model was
// opened with, it begins with that.
func (s *Session) chooseModel() tea.Cmd {
	path, said := s.Lab.Opened()
	if b := s.Reading.Better; b != nil {
		said = said.With(b.Change)
	}
	text := said.Texts()
	d := &modelDialog{session: s}
	take := func(set func(*model.Description, string) error) func(*modelChoice, string) error {
		return kit.Optional(func(c *modelChoice, text string) error { return set(&c.said, text) })
	}
	names := strings.Join(model.NormalizationNames(), ", ")
	d.Form = kit.NewForm(s.Screen, "open", d.open, []kit.FormRow[modelChoice]{
		{Name: "file", Hint: ".safetensors, .pt, .onnx, or an embedded model", Field: kit.Field{Text: path}, Take: func(c *modelChoice, text string) error {
			if c.path = FullPath(text); text == "" {
				return errors.New("enter a file name")
			}
			return nil
		}},
		{Name: "mean", Hint: names, Field: kit.Field{Text: text.Mean}, Take: take((*model.Description).SetMean)},
		{Name: "std", Hint: "default: same as mean", Field: kit.Field{Text: text.Std}, Take: take((*model.Description).SetStd)},
		{Name: "BGR input", Words: kit.NoYes, Field: kit.Field{Text: kit.YesText(said.BGR)}, Take: kit.Yes(func(c *modelChoice, on bool) { c.said.BGR = on })},
		{Name: "input", Hint: "channels x height x width", Field: kit.Field{Text: text.Input}, Take: take((*model.Description).SetInput)},
		{Name: "classes", Hint: "a,b,c, a file of names, or cifar10", Field: kit.Field{Text: text.Classes}, Take: take((*model.Description).SetClasses)},
		{Name: "assume", Hint: "key=value, e.g. stem-pool=max", Field: kit.Field{Text: text.Assume}, Take: take((*model.Description).SetAssume)},
	})
	d.Wide, d.Names, d.Foot = 72, 14, []string{"Empty fields come from the file or are assumed."}
	return s.Screen.Open(d)
}

func (d *modelDialog) Heading() string { return "Open model" }

// open opens what is asked for.
func (d *modelDialog) open() tea.Cmd {
	var c modelChoice
	if at, err := d.Take(&c); err != nil {
		d.Refuse(at, err)
		return nil
	}
	if d.busy {
		return nil
	}
	d.busy = true
	return d.session.Reopen(d.session.Screen.Context(), lab.Choice{Model: c.path, Given: c.said}, d.opened)
}

// opened closes the dialog, or says in it what is wrong.
func (d *modelDialog) opened(err error) tea.Cmd {
	d.busy = false
	s := d.session
	top := s.Screen.Top() == kit.Dialog(d)
	switch {
	case err != nil && top:
		d.Refuse(0, err)
	case err != nil:
		s.Screen.Say("not opened: " + kit.OneLine(err))
	case top:
		return s.Screen.CloseDialog()
	}
	return nil
}

// checkedModel tells what a check against labels found.
type checkedModel struct {
	generation int
	reading    lab.Reading
	err        error
}

// Check starts checking the assumptions about the open model against labels, and cancels a check
// in progress.
func (s *Session) Check() tea.Cmd {
	if s.Lab == nil {
		return nil
	}
	if s.checking != nil {
		s.checking.Cancel()
	}
	s.Reading = s.Lab.Reading()
	l, generation := s.Lab, s.Generation
	var cmd tea.Cmd
	s.evaluated = 0
	s.checking, cmd = s.Screen.Start(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		r, err := l.Check(ctx, func(n int) { tell(evaluatedImages(n)) })
		return checkedModel{generation, r, err}
	})
	return cmd
}

// evaluatedImages is the progress of the check.
type evaluatedImages int

func (s *Session) stopChecking() tea.Cmd {
	if s.checking != nil {
		s.checking.Cancel()
	}
	return nil
}

// modelChecked takes over what was found.
func (s *Session) modelChecked(r kit.Report, msg checkedModel) tea.Cmd {
	if r.Job == s.checking {
		s.checking = nil
	}
	if msg.err != nil || msg.generation != s.Generation {
		return nil // canceled, or of another model; what cannot be checked stays unchecked
	}
	s.Reading, s.checked = msg.reading, true
	return s.Announce(ChangedNotice)
}

// Notice is the caveats in brief, remedies first: what a check found, and what is known of model and data.
func (s *Session) Notice() string { return strings.Join(s.notices(true), "; ") }

// Notices are the caveats in full.
func (s *Session) Notices() []string { return s.notices(false) }

func (s *Session) notices(brief bool) (list []string) {
	note := s.Info.Note
	switch open := kit.Open.Label; {
	case note == "" || s.Info.Labeled:
	case s.Info.Unlabeled && s.Info.DefaultModel:
		note += "; " + open + " opens another model"
	case s.Info.DefaultData || s.Info.DefaultModel:
		list = append(list, open+" opens "+s.missing()+": "+note)
		note = ""
	}
	switch b, text := s.Reading.Better, s.Reading.Result.String(); {
	case b != nil && brief:
		list = append(list, fmt.Sprintf("%s applies %s: %s vs %s %% of %d images correct, p = %.1g", kit.ModelForm.Label, b.Flags,
			strings.TrimSpace(kit.Percent(b.Score().Accuracy())), strings.TrimSpace(kit.Percent(b.Current.Accuracy())), b.Current.N, b.P))
	case b != nil:
		list = append(list, kit.ModelForm.Label+" applies "+text)
	case text != "":
		list = append(list, text)
	}
	if s.checked && s.Reading.Unchecked() {
		list = append(list, lab.Unverified)
	}
	if note != "" {
		list = append(list, note)
	}
	return list
}
