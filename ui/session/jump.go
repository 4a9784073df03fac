package session

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// jump asks for the number of an image.
type jump struct {
	kit.Fixed
	session *Session
	field   kit.Field
	wrong   string
}

func (d *jump) Heading() string { return "Go to image" }

func (d *jump) Size(maxW, maxH int) (int, int) { return 44, 3 }

func (d *jump) Mouse(kit.Mouse) tea.Cmd { return nil }

func (d *jump) Insert(text string) { d.field.Insert(text); d.wrong = "" }

func (d *jump) Press(key string) tea.Cmd {
	if cmd, ok := jumpKeys.PressTyping(d, key); ok {
		return cmd
	}
	d.field.Press(key)
	d.wrong = ""
	return nil
}

var jumpKeys = kit.Keymap[*jump]{
	{Act: kit.Accept, Name: "go", Hint: "go", Do: (*jump).leap},
	{Act: kit.Back, Name: "close", Hint: "close", Do: func(d *jump) tea.Cmd { return d.session.Screen.CloseDialog() }},
}

func (d *jump) Entries() []kit.Entry { return jumpKeys.Entries(d) }

// leap goes to the image if the text is a valid index.
func (d *jump) leap() tea.Cmd {
	i, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(d.field.Text), ",", ""))
	if err != nil || i < 0 || i >= d.session.Info.Images {
		d.wrong = "a number from 0 to " + kit.Grouped(d.session.Info.Images-1)
		return nil
	}
	d.session.Screen.CloseDialog()
	return d.session.leap(i)
}

func (d *jump) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "number ", fmt.Sprintf("0 to %s; now %d", kit.Grouped(d.session.Info.Images-1), d.session.Index))
	if d.wrong != "" {
		c.Left(r.Row(2), th.Warn, d.wrong)
		return
	}
	if i, err := strconv.Atoi(strings.TrimSpace(d.field.Text)); err == nil && i >= 0 && i < d.session.Info.Images {
		label := ""
		if class := d.session.Lab.Label(i); class >= 0 {
			label = " · " + d.session.ClassName(class)
		}
		c.Left(r.Row(2), th.Dim, kit.Clean(d.session.Lab.Title(i))+label)
	}
}
