// Package opener is the dialog that opens a model, a dataset, a split, an image or runs: recent and
// embedded ones, and files, which are previewed while the cursor is on them. It also chooses the
// device.
package opener

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/engine/preview"
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Host is what the dialog needs of the program besides its Screen.
type Host interface {
	// Watch follows runs on the Train page.
	Watch(dirs, names []string) tea.Cmd
	// ShowImage shows the page of images.
	ShowImage() tea.Cmd
}

// Opener is the dialog.
type Opener struct {
	screen  session.Screen
	session *session.Session
	host    Host
	recent  *Recent
	wanted  Wanted

	field    kit.Field
	items    []Item            // recent
	named    []dataset.Listing // datasets with a name
	earlier  int               // runs in the folder of runs
	devices  []lab.Device      // to run on
	files    listing           // of the folder that is typed
	entries  []entry           // known ones, if no folder is typed, and files
	found    []int             // those that match, best first
	at, top  int               // selected line of found, first line on screen
	lines    int               // on screen
	reading  context.CancelFunc
	path     string // that is previewed
	shown    preview.Preview
	read     bool               // shown is of path
	opening  context.CancelFunc // nil unless something is being opened
	what     string             // it
	wrong    string
	finished bool
}

// New returns the dialog. The caller opens it and routes the messages of its tasks to it; Init starts
// it. data says that a dataset is wanted, for a model that was opened without.
func New(on *session.Session, host Host, recent *Recent, wanted Wanted) *Opener {
	return &Opener{session: on, host: host, recent: recent, wanted: wanted}
}

// Init starts reading what can be opened.
func (d *Opener) Init(s session.Screen) tea.Cmd {
	d.screen = s
	d.search()
	recent := d.recent
	return tea.Batch(
		d.look(),
		s.Task(func() tea.Msg { return knownMsg{recent.Items(), named(), len(follow.Earlier("."))} }),
		d.list(""),
		d.findDevices(),
	)
}

// Messages of the dialog's tasks.
type (
	knownMsg struct {
		items   []Item
		named   []dataset.Listing
		earlier int
	}
	previewMsg struct {
		path  string
		shown preview.Preview
	}
	devicesMsg []lab.Device
	foundMsg   struct { // what is at a path that is to be opened
		path  string
		ctx   context.Context
		shown preview.Preview
	}
	askMsg struct{ path string }
)

// Receive handles messages of its tasks.
func (d *Opener) Receive(msg tea.Msg) tea.Cmd {
	if d.finished {
		return nil
	}
	switch msg := msg.(type) {
	case knownMsg:
		d.items, d.named, d.earlier = msg.items, msg.named, msg.earlier
		return d.refresh()
	case devicesMsg:
		d.devices = msg
		return d.refresh()
	case listing:
		if folder, _, _ := divide(d.field.Text); folder == msg.folder {
			d.files = msg
			return d.refresh()
		}
	case askMsg:
		if msg.path == d.path && !d.read {
			return d.preview(msg.path)
		}
	case previewMsg:
		if msg.path == d.path {
			d.shown, d.read = msg.shown, true
		}
	case foundMsg:
		return d.open(msg)
	}
	return nil
}

// findDevices looks for devices in the background.
func (d *Opener) findDevices() tea.Cmd {
	if !d.session.Modeled() || d.wanted != Anything {
		return nil
	}
	l := d.session.Lab
	return d.screen.Task(func() tea.Msg { return devicesMsg(l.Devices()) })
}

// list reads the folder of typed text in the background.
func (d *Opener) list(folder string) tea.Cmd {
	return d.screen.Task(func() tea.Msg { return list(folder) })
}

// edited follows a change of the text.
func (d *Opener) edited() tea.Cmd {
	d.wrong = ""
	folder, _, _ := divide(d.field.Text)
	if folder == d.files.folder {
		d.search()
		return d.look()
	}
	d.files = listing{folder: folder}
	d.search()
	return tea.Batch(d.look(), d.list(folder))
}

// refresh updates the list and keeps the cursor.
func (d *Opener) refresh() tea.Cmd {
	at := d.at
	d.search()
	return d.move(at)
}

// search updates the matches of the text.
func (d *Opener) search() {
	_, filter, inFolder := divide(d.field.Text)
	d.entries = nil
	if !inFolder {
		d.entries = d.known()
	} else if filter == "" {
		d.entries = []entry{
			{text: "." + separator, note: "this folder", path: strings.TrimSuffix(d.files.folder, separator) + separator},
			{text: ".." + separator, note: "folder above", into: cmp.Or(parent(d.files.folder), "."+separator)},
		}
	}
	for _, e := range d.files.entries {
		if d.session.Modeled() || e.into != "" {
			d.entries = append(d.entries, e)
		}
	}
	if !inFolder {
		d.entries = append(d.entries, d.computing()...)
	}
	texts := make([]string, len(d.entries))
	for i, e := range d.entries {
		texts[i] = e.text
	}
	d.found = kit.Match(filter, texts)
	d.at, d.top = 0, 0
}

// current is the entry at the cursor.
func (d *Opener) current() (entry, bool) {
	if d.at >= len(d.found) {
		return entry{}, false
	}
	return d.entries[d.found[d.at]], true
}

func (d *Opener) move(by int) tea.Cmd {
	d.at = min(max(d.at+by, 0), max(len(d.found)-1, 0))
	return d.look()
}

// Pause is how long the cursor stays on an entry before it is previewed. Tests shorten it.
var Pause = 120 * time.Millisecond

// look previews the entry at the cursor, soon.
func (d *Opener) look() tea.Cmd {
	e, ok := d.current()
	if ok && e.path == d.path && e.path != "" {
		return nil
	}
	if d.reading != nil {
		d.reading()
		d.reading = nil
	}
	d.path, d.shown, d.read = e.path, preview.Preview{}, false
	if !ok || e.split != "" || e.path == "" {
		d.path = ""
		return nil
	}
	path := e.path
	return d.screen.Task(func() tea.Msg {
		time.Sleep(Pause)
		return askMsg{path}
	})
}

// one preview is read at a time: a file that the cursor has left is read to its end, not waited for.
var oneReader = make(chan struct{}, 1)

// preview reads what is at a path, unless the cursor moves on.
func (d *Opener) preview(path string) tea.Cmd {
	ctx, cancel := context.WithCancel(d.screen.Context())
	d.reading = cancel
	return d.screen.Task(func() tea.Msg {
		defer cancel()
		select {
		case oneReader <- struct{}{}:
			defer func() { <-oneReader }()
		case <-ctx.Done():
			return nil
		}
		shown := preview.Of(ctx, session.FullPath(path))
		if ctx.Err() != nil {
			return nil
		}
		return previewMsg{path, shown}
	})
}

// accept opens the entry at the cursor, or what is typed if nothing matches.
func (d *Opener) accept() tea.Cmd {
	e, ok := d.current()
	switch {
	case d.opening != nil:
		return nil
	case ok && e.split != "":
		d.close()
		return d.session.SetSplit(e.split)
	case ok && e.device != "":
		return d.use(e.device)
	case ok && e.into != "" && (e.path == "" || d.read && d.shown.Kind == preview.Folder):
		return d.enter()
	case ok && e.path != "":
		return d.find(e.path)
	case strings.TrimSpace(d.field.Text) != "":
		return d.find(strings.TrimSpace(d.field.Text))
	}
	return nil
}

// use runs the open model on another device.
func (d *Opener) use(device string) tea.Cmd {
	ctx, cancel := context.WithCancel(d.screen.Context())
	d.opening, d.what, d.wrong = cancel, device, ""
	return d.reopen(ctx, lab.Choice{Device: device}, nil)
}

// find finds out what is at a path in order to open it.
func (d *Opener) find(path string) tea.Cmd {
	ctx, cancel := context.WithCancel(d.screen.Context())
	d.opening, d.what, d.wrong = cancel, path, ""
	shown, known := d.shown, d.read && path == d.path
	return d.screen.Task(func() tea.Msg {
		if !known || shown.Kind == preview.None {
			shown = preview.Of(ctx, session.FullPath(path))
		}
		return foundMsg{path, ctx, shown}
	})
}

// open opens what was found at a path.
func (d *Opener) open(msg foundMsg) tea.Cmd {
	if msg.ctx.Err() != nil {
		return nil
	}
	at := session.FullPath(msg.path)
	var choice lab.Choice
	switch msg.shown.Kind {
	case preview.None:
		d.failed(msg.shown.Err)
		return nil
	case preview.Folder:
		into := strings.TrimSuffix(msg.path, separator) + separator
		if into == d.field.Text {
			d.failed(errors.New("no dataset and no run in this folder; choose an entry"))
			return nil
		}
		d.stop()
		d.field.Text = into
		return d.edited()
	case preview.Runs:
		d.close()
		dirs := msg.shown.Dirs
		return tea.Batch(d.recent.Remember(d.screen, Item{preview.Runs, at}), d.host.Watch(dirs, follow.Names(dirs)))
	case preview.Model:
		choice.Model = at
	case preview.Data:
		choice.Data = at
	case preview.Image:
		choice.Images = []string{at}
	}
	if !d.session.Modeled() {
		d.failed(errors.New("only runs can be opened while watching: start hfcui without watch to open " + string(msg.shown.Kind) + "s"))
		return nil
	}
	var then func() tea.Cmd
	if msg.shown.Kind == preview.Image {
		then = d.host.ShowImage
	}
	return d.reopen(msg.ctx, choice, then)
}

// reopen opens what was chosen, closes the dialog and calls then, unless it is nil.
func (d *Opener) reopen(ctx context.Context, c lab.Choice, then func() tea.Cmd) tea.Cmd {
	return d.session.Reopen(ctx, c, func(err error) tea.Cmd {
		switch {
		case d.finished: // closed meanwhile: it was canceled, or is open
			return nil
		case err != nil:
			d.failed(err)
			return nil
		}
		d.close()
		if then == nil {
			return nil
		}
		return then()
	})
}

// failed shows why nothing was opened.
func (d *Opener) failed(err error) {
	d.stop()
	d.wrong = kit.OneLine(err)
}

// stop ends opening.
func (d *Opener) stop() {
	if d.opening != nil {
		d.opening()
	}
	d.opening = nil
}

// back cancels opening, or closes the dialog.
func (d *Opener) back() tea.Cmd {
	if d.opening != nil {
		d.stop()
		return nil
	}
	d.close()
	return nil
}

// close takes the dialog away.
func (d *Opener) close() {
	d.finished = true
	d.opening = nil
	if d.reading != nil {
		d.reading()
	}
	if d.screen.Top() == kit.Dialog(d) {
		d.screen.CloseDialog()
	}
}

// enter lists the folder at the cursor.
func (d *Opener) enter() tea.Cmd {
	e, ok := d.current()
	if !ok || e.into == "" {
		return nil
	}
	d.field.Text = e.into
	return d.edited()
}

// up lists the folder above.
func (d *Opener) up() tea.Cmd {
	folder, _, _ := divide(d.field.Text)
	d.field.Text = parent(folder)
	return d.edited()
}

// complete completes the typed path: to what all matching names have in common, or else to the entry
// at the cursor.
func (d *Opener) complete() tea.Cmd {
	folder, filter, _ := divide(d.field.Text)
	var names []string
	for _, e := range d.files.entries {
		name := filepath.Base(e.path)
		if e.into != "" {
			name += separator
		}
		names = append(names, name)
	}
	if more := common(names, filter); filter != "" && len(more) > len(filter) {
		d.field.Text = folder + more
		return d.edited()
	}
	e, ok := d.current()
	switch {
	case !ok || e.path == "" && e.into == "":
		return nil
	case e.into != "":
		return d.enter()
	}
	d.field.Text = e.path
	return d.edited()
}
