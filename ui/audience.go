package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Audience connects this program to those of others that share its Lab. Its methods return at once.
type Audience interface {
	// Show publishes what is on this program's screen, for those who follow it.
	Show(Scene)
	// Follow has this program follow the presenter, or not.
	Follow(on bool)
	// Present makes this program the presenter, if it may be.
	Present()
	// Allow lets every viewer use a privilege, or not; only the presenter can.
	Allow(p Privilege, on bool)
}

// Scene is what a program shows. It is comparable.
type Scene struct {
	Page string // one of PageNames
	session.Scene
}

// Privilege is something that viewers may do only if the presenter allows it.
type Privilege int

const (
	MayOpen    Privilege = 1 << iota // files of the server, another split: changes what all see
	MayMeasure                       // robust accuracy, heat maps, flips: minutes of computing
	MayTrain                         // runs and experiments
	MayExport                        // writes files on the server
)

// Privileges lists them, in the order of the dialog.
var Privileges = []Privilege{MayOpen, MayMeasure, MayTrain, MayExport}

// String says what is allowed.
func (p Privilege) String() string {
	switch p {
	case MayOpen:
		return "open models and data or change the split"
	case MayMeasure:
		return "measure robust accuracy, heat maps or flips"
	case MayTrain:
		return "train or run experiments"
	case MayExport:
		return "export to the server's disk"
	}
	return "all"
}

// Refusal says that it is not allowed.
func (p Privilege) Refusal() string { return "the presenter has not allowed viewers to " + p.String() }

// Member is somebody who is connected.
type Member struct {
	Name       string // safe to print
	Presenting bool
	Following  bool
	Self       bool
}

// AudienceMsg is the state of the audience, from the viewpoint of this program. The newest replaces
// older ones.
type AudienceMsg struct {
	Members    []Member // in the order of arrival
	Allowed    Privilege
	Following  bool
	Presenting bool
	CanPresent bool
	Scene      *Scene // the presenter's; nil: not known
	Renewals   int    // how often a model, data or a split was opened by anybody
}

// presenter returns the presenter's name; "" without one.
func (m *AudienceMsg) presenter() string {
	for _, one := range m.Members {
		if one.Presenting {
			return one.Name
		}
	}
	return ""
}

// audience is what this program knows of the others.
type audience struct {
	AudienceMsg
	shown Scene // published last
}

// shared reports whether others share the Lab.
func (a *App) shared() bool { return a.options.Audience != nil }

// audienceChanged takes the newest state, and follows the presenter if that is wanted.
func (a *App) audienceChanged(msg AudienceMsg) tea.Cmd {
	before := a.audience.AudienceMsg
	a.audience.AudienceMsg = msg
	var cmds []tea.Cmd
	if msg.Renewals != before.Renewals {
		cmds = append(cmds, a.Session.Renewed())
	}
	if msg.Following && !msg.Presenting && msg.Scene != nil {
		cmds = append(cmds, a.follow(*msg.Scene))
	}
	return tea.Batch(cmds...)
}

// follow shows what the presenter shows.
func (a *App) follow(to Scene) tea.Cmd {
	if a.layout.W == 0 {
		return nil // resize follows
	}
	cmd := a.Session.Show(to.Scene)
	if i := slices.IndexFunc(a.pages, func(t tab) bool { return t.name == to.Page }); i >= 0 {
		cmd = tea.Batch(cmd, a.show(i))
	}
	return cmd
}

// publish shows the others what is on screen, if that has changed. It is called after every message.
func (a *App) publish() {
	if !a.shared() || !a.audience.Presenting {
		return
	}
	now := Scene{a.pages[a.page].name, a.Session.Scene()}
	if now != a.audience.shown {
		a.audience.shown = now
		a.options.Audience.Show(now)
	}
}

// freeActs are allowed to those who follow the presenter: they change nothing that is followed.
var freeActs = []*kit.Action{kit.Help, kit.Palette, kit.Quit, kit.Follow, kit.People, kit.Larger, kit.ZoomIn, kit.ZoomOut, kit.ZoomAll, kit.Jobs, kit.Suspend, kit.LogX, kit.LogY}

// privileged are the actions that need a privilege.
var privileged = map[*kit.Action]Privilege{
	kit.Open: MayOpen, kit.ModelForm: MayOpen, kit.Compare: MayOpen, kit.UseNewest: MayOpen, kit.Split: MayOpen,
	kit.New: MayTrain, kit.Resume: MayTrain, kit.Pause: MayTrain, kit.Stop: MayTrain, kit.Annotate: MayTrain,
	kit.Export: MayExport, kit.SaveModel: MayExport,
	kit.AllFlips: MayMeasure, kit.NextFlip: MayMeasure, kit.PreviousFlip: MayMeasure,
}

// refusal says why an action is not available to a viewer; "" if it is.
func (a *App) refusal(act *kit.Action) string {
	if !a.shared() || act == nil {
		return ""
	}
	m := &a.audience
	if p := privileged[act]; p != 0 && !a.may(p) {
		return p.Refusal()
	}
	if m.Following && !m.Presenting && m.presenter() != "" && !slices.Contains(freeActs, act) {
		return "following " + m.presenter() + ": press " + kit.Follow.Label + " to explore alone"
	}
	return ""
}

// may reports whether this program may use a privilege.
func (a *App) may(p Privilege) bool {
	return !a.shared() || a.audience.Presenting || a.audience.Allowed&p != 0
}

// permitted marks entries that are refused as unavailable.
func (a *App) permitted(list []kit.Entry) []kit.Entry {
	if !a.shared() {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		if why := a.refusal(list[i].Act); why != "" {
			list[i].Possible, list[i].Why = false, why
		}
	}
	return list
}

// audienceKeys are those of programs that share a Lab.
var audienceKeys = kit.Keymap[*App]{
	{Act: kit.Follow, Name: "follow the presenter, or explore alone", Hint: "follow", When: (*App).canFollow, Why: (*App).cannotFollow, Do: (*App).toggleFollow},
	{Act: kit.People, Name: "Audience: who is there, what viewers may do", Hint: "audience", When: (*App).shared, Why: func(*App) string { return "only on hfcui serve" }, Do: (*App).openPeople},
}

func (a *App) canFollow() bool { return a.shared() && !a.audience.Presenting }

func (a *App) cannotFollow() string {
	if a.shared() {
		return "you are presenting"
	}
	return "only on hfcui serve"
}

func (a *App) toggleFollow() tea.Cmd {
	on := !a.audience.Following
	a.options.Audience.Follow(on)
	switch {
	case !on:
		a.say("exploring alone")
	case a.audience.presenter() == "":
		a.say("nobody is presenting: the next presenter will be followed")
	default:
		a.say("following " + a.audience.presenter())
	}
	return nil
}

// company describes the audience in the status line, in a long form and a short one; nil without one.
func (a *App) company() []string {
	m := &a.audience
	if !a.shared() || len(m.Members) == 0 {
		return nil
	}
	others := len(m.Members) - 1
	following := 0
	for _, one := range m.Members {
		if one.Following && !one.Presenting {
			following++
		}
	}
	name := m.presenter()
	switch {
	case m.Presenting:
		return []string{"presenting to " + kit.Counted(others, "viewer") + ", " + kit.Grouped(following) + " following", "presenting"}
	case name == "":
		return []string{"exploring alone; nobody is presenting", "alone"}
	case m.Following:
		return []string{"following " + name, "following"}
	}
	return []string{"exploring alone; " + name + " is presenting", "alone"}
}
