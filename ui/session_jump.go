package ui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// jump asks for the number of an image.
type jump struct {
	fixed
	session *session
	field   field
	wrong   string
}

func (d *jump) heading() string { return "Go to image" }

func (d *jump) size(maxW, maxH int) (int, int) { return 44, 3 }

func (d *jump) mouse(mouse) tea.Cmd { return nil }

func (d *jump) insert(text string) { d.field.insert(text); d.wrong = "" }

func (d *jump) press(key string) tea.Cmd {
	if cmd, ok := jumpKeys.press(d, key); ok {
		return cmd
	}
	d.field.press(key)
	d.wrong = ""
	return nil
}

var jumpKeys = keymap[*jump]{
	{keys: []string{"enter"}, shown: "enter", name: "go", hint: "go there", do: (*jump).leap},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *jump) tea.Cmd { return d.session.screen.closeDialog() }},
}

func (d *jump) entries() []entry { return jumpKeys.entries(d) }

// leap goes to the image, if the text is the number of one.
func (d *jump) leap() tea.Cmd {
	i, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(d.field.text), ",", ""))
	if err != nil || i < 0 || i >= d.session.info.Images {
		d.wrong = "a number from 0 to " + grouped(d.session.info.Images-1)
		return nil
	}
	d.session.screen.closeDialog()
	return d.session.leap(i)
}

func (d *jump) draw(c *canvas, r rect, th *theme) {
	d.field.draw(c, r.row(0), th, "number ", fmt.Sprintf("0 to %s; now %d", grouped(d.session.info.Images-1), d.session.index))
	if d.wrong != "" {
		c.left(r.row(2), th.warn, d.wrong)
		return
	}
	if i, err := strconv.Atoi(strings.TrimSpace(d.field.text)); err == nil && i >= 0 && i < d.session.info.Images {
		label := ""
		if class := d.session.lab.Label(i); class >= 0 {
			label = " · " + d.session.className(class)
		}
		c.left(r.row(2), th.dim, clean(d.session.lab.Title(i))+label)
	}
}
