package session

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// Jump asks for the number of an image.
type Jump struct {
	kit.Fixed
	Session *Session
	field   kit.Field
	wrong   string
}

func (d *Jump) Heading() string { return "Go to image" }

func (d *Jump) Size(maxW, maxH int) (int, int) { return 44, 3 }

func (d *Jump) Mouse(kit.Mouse) tea.Cmd { return nil }

func (d *Jump) Insert(text string) { d.field.Insert(text); d.wrong = "" }

func (d *Jump) Press(key string) tea.Cmd {
	if cmd, ok := JumpKeys.Press(d, key); ok {
		return cmd
	}
	d.field.Press(key)
	d.wrong = ""
	return nil
}

var JumpKeys = kit.Keymap[*Jump]{
	{Keys: []string{"enter"}, Shown: "enter", Name: "go", Hint: "go", Do: (*Jump).leap},
	{Keys: []string{"esc"}, Shown: "esc", Name: "close", Hint: "close", Do: func(d *Jump) tea.Cmd { return d.Session.Screen.CloseDialog() }},
}

func (d *Jump) Entries() []kit.Entry { return JumpKeys.Entries(d) }

// leap goes to the image, if the text is the number of one.
func (d *Jump) leap() tea.Cmd {
	i, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(d.field.Text), ",", ""))
	if err != nil || i < 0 || i >= d.Session.Info.Images {
		d.wrong = "a number from 0 to " + kit.Grouped(d.Session.Info.Images-1)
		return nil
	}
	d.Session.Screen.CloseDialog()
	return d.Session.leap(i)
}

func (d *Jump) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "number ", fmt.Sprintf("0 to %s; now %d", kit.Grouped(d.Session.Info.Images-1), d.Session.Index))
	if d.wrong != "" {
		c.Left(r.Row(2), th.Warn, d.wrong)
		return
	}
	if i, err := strconv.Atoi(strings.TrimSpace(d.field.Text)); err == nil && i >= 0 && i < d.Session.Info.Images {
		label := ""
		if class := d.Session.Lab.Label(i); class >= 0 {
			label = " · " + d.Session.ClassName(class)
		}
		c.Left(r.Row(2), th.Dim, kit.Clean(d.Session.Lab.Title(i))+label)
	}
}
