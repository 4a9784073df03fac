package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// exportDialog shows what an export of the page writes and where, and lets both be changed.
type exportDialog struct {
	kit.Form[struct{}]
	app      *App
	exporter session.Exporter
	at       exportPlace     // folder and name as last looked at
	there    map[string]bool // suffixes of files that exist there
	folder   folderState     // that of the folder there
	warned   bool            // of files to be overwritten
	named    bool            // the name is the user's
	waiting  bool            // to export as soon as it is known what exists
}

// folderState is what is known of a folder.
type folderState int

const (
	folderExists folderState = iota
	folderNew                // it does not exist, but its parent does
	folderLost               // neither exists, or it is a file
)

// lookAt returns the state of a folder.
func lookAt(folder string) folderState {
	info, err := os.Stat(folder)
	above, lost := os.Stat(filepath.Dir(filepath.Clean(folder)))
	switch {
	case err == nil && info.IsDir():
		return folderExists
	case err == nil || lost != nil || !above.IsDir():
		return folderLost
	}
	return folderNew
}

// exportPlace is where files go.
type exportPlace struct{ folder, base string }

// Rows of the dialog before those of the files.
const (
	rowExportFolder, rowExportName = "folder", "name"
	exportRows                     = 2
)

// startExport opens the dialog that exports the page as it is now.
func (a *App) startExport() tea.Cmd {
	if !a.may(MayExport) {
		return nil
	}
	e, err := a.pages[a.page].Export()
	if err != nil {
		a.say(kit.OneLine(err))
		return nil
	}
	d := &exportDialog{app: a, exporter: e}
	rows := []kit.FormRow[struct{}]{
		{Name: rowExportFolder, Hint: "the current folder", Field: kit.Field{Text: a.options.Folder}},
		{Name: rowExportName, Hint: "prefix of the files' names", Field: kit.Field{Text: session.SafeName(e.Base)}},
	}
	for _, f := range e.Files {
		rows = append(rows, kit.FormRow[struct{}]{Name: f.Suffix, Words: kit.NoYes, Field: kit.Field{Text: "yes"}})
	}
	d.Form = kit.NewForm(a, "export", d.export, rows)
	d.Wide, d.Names, d.Beside = 76, 10, d.note
	for _, f := range e.Files {
		d.Names = min(max(d.Names, kit.Width(f.Suffix)+4), 30)
	}
	d.Wide = max(d.Wide, d.Names+4+max(len(e.Base)+9, kit.Width(a.options.Folder))) // with a number
	a.Open(d)
	return d.look()
}

func (d *exportDialog) Heading() string { return "Export page" }

// note describes a file, at the right of its row.
func (d *exportDialog) note(row int) string {
	switch {
	case row == d.Row(rowExportFolder) && d.at == d.place() && d.folder == folderNew:
		return "new folder"
	case row == d.Row(rowExportFolder) && d.at == d.place() && d.folder == folderLost:
		return "no such folder"
	case row < exportRows:
		return ""
	}
	f := d.exporter.Files[row-exportRows]
	if d.there[f.Suffix] && d.at == d.place() {
		return f.Kind() + " · overwrite?"
	}
	return f.Kind()
}

// place is what the folder and the name are now.
func (d *exportDialog) place() exportPlace {
	folder := session.FullPath(d.Text(rowExportFolder))
	if folder == "" {
		folder = "."
	}
	return exportPlace{folder, d.Text(rowExportName)}
}

// exportLook is which files exist at a place.
type exportLook struct {
	dialog *exportDialog
	at     exportPlace
	there  map[string]bool
	folder folderState
	free   string // a base name of which no file exists
}

// look finds out which files exist.
func (d *exportDialog) look() tea.Cmd {
	at, e, named := d.place(), d.exporter, d.named
	return kit.Task(func() tea.Msg {
		l := exportLook{dialog: d, at: at, folder: lookAt(at.folder)}
		if l.there = e.Existing(at.folder, at.base); !named {
			l.free = e.Free(at.folder)
		}
		return l
	})
}

// looked takes note of files that exist; a name that is not the user's gives way to them.
func (d *exportDialog) looked(l exportLook) tea.Cmd {
	if l.at != d.place() {
		return nil // of another place
	}
	if !d.named && l.free != "" && l.free != l.at.base {
		d.Rows[d.Row(rowExportName)].Field.Text = l.free
		return d.look()
	}
	d.at, d.there, d.folder = l.at, l.there, l.folder
	if d.waiting {
		d.waiting = false
		return d.export()
	}
	return nil
}

func (d *exportDialog) Press(key string) tea.Cmd {
	before := d.place()
	return tea.Batch(d.Form.Press(key), d.edited(before))
}

// edited looks again where the place has changed.
func (d *exportDialog) edited(before exportPlace) tea.Cmd {
	now := d.place()
	if now == before {
		return nil
	}
	d.named = d.named || now.base != before.base
	d.there, d.warned = nil, false
	return d.look()
}

func (d *exportDialog) Size(maxW, maxH int) (int, int) {
	w, h := d.Form.Size(maxW, maxH)
	return w, min(h+len(d.exporter.Unfinished), maxH)
}

func (d *exportDialog) Arrange(w, h int) {
	d.Foot = []string{"enter writes " + kit.Counted(len(d.chosen().Files), "file")}
	d.Form.Arrange(w, h-d.warnings(h))
}

// warnings is the number of lines for what is unfinished, in a dialog of h lines.
func (d *exportDialog) warnings(h int) int { return min(len(d.exporter.Unfinished), max(h-6, 1)) }

func (d *exportDialog) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	n := d.warnings(r.H)
	d.Form.Draw(c, kit.NewRect(r.X, r.Y, r.W, r.H-n), th)
	for i, text := range d.exporter.Unfinished[:n] {
		c.Left(r.Row(r.H-n+i), th.Warn, "unfinished: "+text)
	}
}

// chosen is the exporter of the chosen files.
func (d *exportDialog) chosen() session.Exporter {
	e := d.exporter
	e.Files = nil
	for i, f := range d.exporter.Files {
		if d.Rows[exportRows+i].Field.Text == "yes" {
			e.Files = append(e.Files, f)
		}
	}
	return e
}

// export writes the chosen files. Existing ones are overwritten if that is asked for twice.
func (d *exportDialog) export() tea.Cmd {
	e, at, a := d.chosen(), d.place(), d.app
	there := 0
	for _, f := range e.Files {
		if d.there[f.Suffix] {
			there++
		}
	}
	err := session.CheckBase(at.base)
	switch {
	case err != nil:
		d.Refuse(d.Row(rowExportName), err)
		return nil
	case len(e.Files) == 0:
		d.Refuse(d.At, fmt.Errorf("no file is chosen"))
		return nil
	case d.at != at: // it is not known yet what exists there
		d.waiting = true
		d.named = d.named || d.at.base != "" && at.base != d.at.base
		return d.look()
	case d.folder == folderLost:
		d.Refuse(d.Row(rowExportFolder), fmt.Errorf("%s: no such folder, and it cannot be made: the folder above it is missing, or it is a file; correct the path", kit.Clean(at.folder)))
		return nil
	case there > 0 && !d.warned:
		d.warned = true
		d.Refuse(d.At, fmt.Errorf("%s exist; enter again to overwrite, or change the name", kit.Counted(there, "file")))
		return nil
	}
	a.CloseDialog()
	a.exports = append(a.exports, at.base)
	return kit.Task(func() tea.Msg {
		folder := at.folder
		if full, err := filepath.Abs(folder); err == nil {
			folder = full // more informative than "."
		}
		names, err := e.Save(folder, at.base, there > 0)
		return exportMsg{folder, at.base, names, err}
	})
}

// exports are the names of exports being written.
type exports []string

// Jobs lists them.
func (l exports) Jobs() (list []kit.JobInfo) {
	for _, base := range l {
		list = append(list, kit.JobInfo{Name: "export", Of: kit.Clean(base), Share: -1})
	}
	return list
}

// exportMsg lists the files written.
type exportMsg struct {
	folder string
	base   string
	names  []string
	err    error
}

// exported reports the files written.
func (a *App) exported(msg exportMsg) {
	if i := slices.Index(a.exports, msg.base); i >= 0 {
		a.exports = slices.Delete(a.exports, i, i+1)
	}
	if msg.err != nil {
		cause := strings.ReplaceAll(kit.OneLine(msg.err), msg.folder+string(filepath.Separator), "")
		if n := len(msg.names); n > 0 {
			cause = kit.Counted(n, "file") + " written, then " + cause
		}
		a.say("Export failed: " + cause)
		return
	}
	text := fmt.Sprintf("Wrote %s to %s", kit.Counted(len(msg.names), "file"), filepath.Dir(msg.names[0]))
	if len(msg.names) == 1 {
		text = "Wrote " + msg.names[0]
	}
	a.say(text)
}
