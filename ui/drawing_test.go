package ui

import (
	"fmt"
	"reflect"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// Drawing changes nothing: the same frame comes twice, and pages are what they were.
func TestDrawingChangesNothing(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {140, 44}} {
		d := start(t, size[0], size[1])
		for _, keys := range []string{"", "right", "s", "2", "v", "3", "v", "4", "5", "pgdown", "6", "w", "7", "1", "?", "esc :", "esc g", "esc 6 E", "esc 3 ctrl+s"} {
			d.Keys(keys)
			before, states := d.App.frame(), stateOf(d.App)
			if after := d.App.frame(); after != before {
				t.Fatalf("%v after %q: the second frame is another", size, keys)
			}
			for i, state := range stateOf(d.App) {
				if state != states[i] {
					t.Fatalf("%v after %q: drawing changes\n%s\ninto\n%s", size, keys, states[i], state)
				}
			}
		}
		d.Send(tea.WindowSizeMsg{Width: size[0] + 1, Height: size[1] + 1})
	}
}

// stateOf writes out what pages, dialogs and the session hold.
func stateOf(a *App) (states []string) {
	write := func(x any) { states = append(states, fmt.Sprintf("%+v", reflect.ValueOf(x).Elem())) }
	for _, t := range a.pages {
		write(t.page)
	}
	for _, d := range a.Stack {
		write(d)
	}
	write(a.Session)
	return states
}
