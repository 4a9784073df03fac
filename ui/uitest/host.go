package uitest

import (
	"context"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// hosted is a page as a host sees it.
type hosted interface {
	kit.Receiver
	Keys() kit.Tables
	Arrange(l kit.Layout)
	Enter() tea.Cmd
	Changed(what session.Change) tea.Cmd
	Draw(c *kit.Canvas) []kit.Placed
	Mouse(m kit.Mouse) (tea.Cmd, bool)
	Speed() string
	Export() (session.Exporter, error)
}

// Host is a program of one page, for tests of that page: it gives the page a Screen and the
// session, and draws it between a blank line and lines for the status and the keys. The page's
// number brings it on screen, another takes it away. It implements tea.Model.
type Host[P hosted] struct {
	*session.Session
	kit.Dialogs
	Page    P
	port    *hostPort[P]
	spec    kit.RenderSpec
	theme   *kit.Theme
	layout  kit.Layout
	ctx     context.Context
	cancel  context.CancelFunc
	number  string
	away    bool // another page is on screen
	Message string
	onDrag  func(kit.Mouse) tea.Cmd
	Folder  string // of exports
	err     error  // of a crash
}

// hostPort is the host as the page, or the session, sees it. It implements Screen.
type hostPort[P hosted] struct {
	host *Host[P]
	to   kit.Receiver
}

func (p *hostPort[P]) Open(d kit.Dialog) tea.Cmd        { return p.host.Dialogs.Open(d) }
func (p *hostPort[P]) CloseDialog() tea.Cmd             { return p.host.Dialogs.CloseDialog() }
func (p *hostPort[P]) Top() kit.Dialog                  { return p.host.Dialogs.Top() }
func (p *hostPort[P]) Theme() *kit.Theme                { return p.host.theme }
func (p *hostPort[P]) Layout() kit.Layout               { return p.host.layout }
func (p *hostPort[P]) Cell() kit.CellSize               { return kit.CellSize{W: 1, H: 2} }
func (p *hostPort[P]) Ready() bool                      { return p.host.layout.W > 0 && !p.host.layout.TooSmall }
func (p *hostPort[P]) Shown() bool                      { return !p.host.away }
func (p *hostPort[P]) Context() context.Context         { return p.host.ctx }
func (p *hostPort[P]) Say(text string)                  { p.host.Message = kit.Clean(text) }
func (p *hostPort[P]) Drag(f func(m kit.Mouse) tea.Cmd) { p.host.onDrag = f }
func (p *hostPort[P]) After(cmd tea.Cmd) tea.Cmd        { return kit.Route(p.to, cmd) }
func (p *hostPort[P]) Same()                            {}

func (p *hostPort[P]) Present([]kit.Placed, int, tea.Msg) {}

func (p *hostPort[P]) Task(work func() tea.Msg) tea.Cmd { return kit.Route(p.to, kit.Task(work)) }

func (p *hostPort[P]) Start(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*kit.Job, tea.Cmd) {
	j, wait := kit.StartJob(p.host.ctx, work)
	return j, kit.Route(p.to, wait)
}

func (p *hostPort[P]) Render(cols, rows int) kit.RenderSpec {
	k := p.host.spec
	k.Cols, k.Rows = cols, rows
	return k
}

// StartPage starts a page alone, on screen if its number is 1, on a terminal of w×h cells that draws half blocks. Without a
// Lab, nil, no model is open.
func StartPage[P hosted](t testing.TB, l *FakeLab, o session.Start, number string, w, h int, make func(s session.Screen, on *session.Session) P) *Driver[*Host[P]] {
	t.Helper()
	a := &Host[P]{theme: kit.DarkTheme, Folder: t.TempDir(), number: number, away: number != "1"}
	a.spec = kit.RenderSpec{Cell: kit.CellSize{W: 1, H: 2}, Protocol: picture.HalfBlocks, Dark: true}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	t.Cleanup(a.cancel)
	if l == nil {
		a.Session = session.New(nil, o, t.TempDir())
	} else {
		a.Session = session.New(l, o, t.TempDir())
	}
	a.Session.Screen, a.Session.Announce, a.Session.RunFiles = &hostPort[P]{a, a.Session}, a.Changed, func() []string { return nil }
	a.port = &hostPort[P]{host: a}
	a.Page = make(a.port, a.Session)
	a.port.to = a.Page
	d := &Driver[*Host[P]]{T: t, App: a, Lab: l}
	d.Send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

func (a *Host[P]) Changed(what session.Change) tea.Cmd { return a.Page.Changed(what) }

// Init implements tea.Model.
func (a *Host[P]) Init() tea.Cmd { return nil }

// Update implements tea.Model.
func (a *Host[P]) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := a.handle(msg)
	a.ArrangeDialogs(a.layout)
	return a, cmd
}

func (a *Host[P]) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.layout = kit.NewLayout(msg.Width, msg.Height, a.Info.Note)
		a.Page.Arrange(a.layout)
		if a.away {
			return a.Changed(session.ChangedScreen)
		}
		return tea.Batch(a.Changed(session.ChangedScreen), a.Page.Enter())
	case tea.KeyPressMsg:
		return a.key(msg.String())
	case tea.PasteMsg:
		if d := a.Top(); d != nil {
			d.Insert(msg.Content)
		}
	case tea.MouseMsg:
		return a.mouse(msg)
	case kit.Routed:
		cmd, _, crashed := msg.Deliver()
		if crashed != nil {
			a.err = crashed
		}
		return cmd
	}
	return nil
}

// key handles a key: the dialog's, the page's, the setting's, or x, which exports.
func (a *Host[P]) key(key string) tea.Cmd {
	a.Message = ""
	if d := a.Top(); d != nil {
		return d.Press(key)
	}
	if cmd, ok := a.Page.Keys().Press(key); ok {
		return cmd
	}
	if cmd, ok := session.SettingKeys.Press(a.Session, key); ok {
		return cmd
	}
	switch {
	case key == "x":
		a.export()
	case key == a.number && a.away:
		a.away = false
		return a.Page.Enter()
	case key >= "1" && key <= "9" && key != a.number:
		a.away = true
		if p, ok := any(a.Page).(interface{ Leave() }); ok {
			p.Leave()
		}
	}
	return nil
}

// export writes what is on the page into files, and says how many.
func (a *Host[P]) export() {
	e, err := a.Page.Export()
	if err != nil {
		a.Message = kit.OneLine(err)
		return
	}
	names, err := e.Save(a.Folder, e.Free(a.Folder), false)
	if err != nil {
		a.Message = "not exported: " + kit.OneLine(err)
		return
	}
	a.Message = "Wrote " + kit.Counted(len(names), "file") + ": " + kit.Clean(names[0])
}

func (a *Host[P]) mouse(msg tea.MouseMsg) tea.Cmd {
	m, ok := kit.MouseOf(msg)
	switch msg.(type) {
	case tea.MouseMotionMsg:
		if a.onDrag != nil {
			return a.onDrag(m)
		}
		return nil
	case tea.MouseReleaseMsg:
		a.onDrag = nil
		return nil
	}
	if !ok {
		return nil
	}
	if d := a.Top(); d != nil {
		inner := kit.DialogRect(a.layout, d).Inset(2, 1)
		m.X, m.Y = m.X-inner.X, m.Y-inner.Y
		return d.Mouse(m)
	}
	cmd, _ := a.Page.Mouse(m)
	return cmd
}

// View implements tea.Model.
func (a *Host[P]) View() tea.View {
	c := kit.NewCanvas(a.layout.W, a.layout.H)
	if a.layout.W == 0 || a.layout.TooSmall || a.away {
		return tea.NewView(c.String())
	}
	for _, p := range a.Page.Draw(c) {
		for i, line := range p.Drawn.Lines {
			c.PutWide(p.At.X, p.At.Y+i, p.At.W, line)
		}
	}
	a.DrawDialogs(c, a.layout, a.theme)
	status := a.Message
	if status == "" {
		status = a.Page.Speed()
		if p, ok := any(a.Page).(interface {
			Jobs() []kit.JobInfo
		}); ok {
			if list := p.Jobs(); len(list) > 0 {
				status = list[0].Name + " " + list[0].Progress() + " " + list[0].Of + " " + list[0].Count
			}
		}
	}
	c.Left(a.layout.Status, kit.Style{}, status)
	list := append(a.Page.Keys().Entries(), session.SettingKeys.Entries(a.Session)...)
	if d := a.Top(); d != nil {
		list = d.Entries()
	}
	kit.DrawHints(c, a.layout.Hints, a.theme, list, nil)
	return tea.NewView(c.String())
}
