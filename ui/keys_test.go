package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/ui/kit"
	"hfcui/ui/uitest"
)

// A key means one thing everywhere: no two actions share one.
func TestAKeyMeansOneThing(t *testing.T) {
	seen := map[string]*kit.Action{}
	for _, a := range kit.Actions() {
		if len(a.Keys) == 0 || a.Meaning == "" || a.Group == "" {
			t.Errorf("an action without key, meaning or group: %+v", a)
		}
		for _, k := range a.Keys {
			if other := seen[k]; other != nil {
				t.Errorf("%q is both %q and %q", k, other.Meaning, a.Meaning)
			}
			seen[k] = a
		}
	}
}

// place is a page or a dialog with its bindings.
type place struct {
	name string
	list []kit.Entry
}

// places lists every page and dialog, and what is bound everywhere.
func places(t *testing.T) []place {
	t.Helper()
	d := startWith(t, uitest.NewFakeLab(), Options{
		Training: trainingOf(uitest.NewFakeTraining()), Reproducing: reproducingOf(&uitest.FakeReproducing{}),
	}, 140, 44)
	list := []place{{"every page", append(d.App.entries(), lastKeys.Entries(d.App)...)}}
	for _, p := range d.App.pages {
		list = append(list, place{"page " + p.name, p.Keys().Entries()})
	}
	for _, dialog := range []struct{ name, keys string }{
		{"help", "?"}, {"commands", ":"}, {"go to image", "1 g"}, {"filter by class", "1 c"}, {"open model", "M"},
		{"compare models", "3 o"}, {"save model", "3 ctrl+s"}, {"new run", "4 N"}, {"start experiment", "5 N"},
		{"attack settings", "6 E"}, {"ε", "6 e"}, {"export", "1 x"},
	} {
		d.Keys(dialog.keys)
		top := d.App.Top()
		if top == nil {
			t.Fatalf("no dialog after %s", dialog.keys)
		}
		list = append(list, place{"dialog: " + dialog.name, top.Entries()})
		for d.App.Top() != nil {
			d.Keys("esc")
		}
	}
	return list
}

// Every key on every page and in every dialog, for who reviews them: go test ./ui -run Keys -update.
// A key is bound once in each.
func TestKeysOfEveryPage(t *testing.T) {
	var b strings.Builder
	for _, p := range places(t) {
		fmt.Fprintf(&b, "%s\n", p.name)
		seen := map[string]string{}
		for _, e := range p.list {
			for _, k := range e.Keys() {
				if other, ok := seen[k]; ok && other != e.Name && e.Act != kit.Back { // what is bound at times may give way
					t.Errorf("%s: %q is both %q and %q", p.name, k, other, e.Name)
				}
				seen[k] = e.Name
			}
			fmt.Fprintf(&b, "  %-24s %s\n", strings.Join(e.Keys(), " "), e.Name)
		}
		b.WriteString("\n")
	}
	file := filepath.Join("testdata", "keys.txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || b.String() != string(want) {
		t.Errorf("%v; the keys are now\n%s", err, b.String())
	}
}
