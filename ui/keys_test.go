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
	list = append(list, place{"dialog: quit", newQuitDialog(d.App).Entries()})
	for _, dialog := range []struct{ name, keys string }{
		{"help", "?"}, {"commands", ":"}, {"go to image", "1 g"}, {"filter by class", "1 c"}, {"open model", "M"},
		{"compare models", "3 o"}, {"save model", "3 ctrl+s"}, {"new run", "4 N"}, {"start experiment", "5 N"},
		{"attack settings", "6 E"}, {"ε", "6 e"}, {"export", "1 x"}, {"open", "O"}, {"jobs", "J"},
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
	list = append(list, place{"every page, over SSH", audienceKeys.Entries(d.App)})
	return append(list, place{"dialog: audience", (&peopleDialog{app: d.App}).Entries()})
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
				if other, ok := seen[k]; ok && other != e.Name && e.Possible {
					t.Errorf("%s: %q is both %q and %q", p.name, k, other, e.Name)
				}
				if e.Possible { // what is bound at times may give way
					seen[k] = e.Name
				}
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

// A key without a command says so, one that is unavailable says why.
func TestKeysWithoutEffectSaySo(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("Z").Shows("Z: no command; ? lists keys")
	d.Keys("right").Hides("no command")
	d.Keys("a").Shows("a (next attack method) is unavailable here; ? lists keys")
	d.Keys("7 g").Shows("g (go to: an image by number, a layer by name) is unavailable here")
}

// Hints can be clicked: a key's own cell runs it, the text runs the first of them.
func TestHintsCanBeClicked(t *testing.T) {
	d := start(t, 100, 30)
	r := d.App.R
	x, y := d.Where("←→ r")
	if d.Click(x+1, y); d.App.R != r+1 {
		t.Fatalf("r is %v after a click on →", d.App.R)
	}
	if d.Click(x+3, y); d.App.R != r {
		t.Fatalf("r is %v after a click on the text", d.App.R)
	}
	d.Click(d.Where("? help"))
	d.Shows("what am I seeing?")
	d.Click(d.Where("esc close"))
	d.Hides("what am I seeing?")
}

// The hints that matter most are there on a small terminal.
func TestHintsThatMatterMost(t *testing.T) {
	d := startWith(t, uitest.NewFakeLab(), Options{Training: trainingOf(uitest.NewFakeTraining()), Reproducing: reproducingOf(&uitest.FakeReproducing{})}, 80, 24)
	for _, page := range []struct{ key, hints string }{
		{"1", "←→ r,↑↓ image,fF flip,s smooth,x export"}, {"2", "←→ r,s smooth,x export"}, {"3", "↑↓ layer,o compare,s smooth"},
		{"4", "N new,v chart,x export"}, {"5", "N start,↑↓ experiment,x export"}, {"6", "←→ ε,↑↓ image,aA method,o compare,s smooth"},
		{"7", "←→↑↓ cursor,o compare,s smooth"},
	} {
		d.Keys(page.key)
		for _, hint := range strings.Split(page.hints+",? help,q quit", ",") {
			if line := d.Line(-1); !strings.Contains(line, hint) {
				t.Errorf("page %s does not hint %q: %s", page.key, hint, line)
			}
		}
	}
}

func TestHelpIsFiltered(t *testing.T) {
	d := start(t, 80, 24)
	d.Keys("?").Shows("Explore: what am I seeing?", "add up to it", "/ to filter").Keys("/").Types("masking")
	d.Shows("Words", "gradient masking", "suspect gradient masking").Hides("what am I seeing")
	d.Types("zzz").Shows("No match").Keys("enter").Hides("type to filter")
	d.Keys("/ ctrl+u").Types("flip").Shows("Next, previous flip").Keys("esc").Shows("what am I seeing?")
	d.Keys("esc").Hides("what am I seeing?")
	d.Keys("6 ?").Shows("Attack: what am I seeing?")
}

// The palette finds commands by other words for them, on any page.
func TestPaletteFindsByOtherWords(t *testing.T) {
	for words, want := range map[string]string{
		"compare": "compare models", "blur": "smooth", "robustness": "page", "download": "export", "exit": "quit",
		"adversarial": "attack", "csv": "export", "singular": "svd", "pgd": "attack",
	} {
		d := start(t, 100, 30).Keys(":").Types(words)
		x, y := d.Where("› ")
		if line := strings.ToLower(d.Line(y)[x:]); !strings.Contains(line, want) {
			t.Errorf("%s finds %q first", words, line)
		}
	}
	d := start(t, 100, 30).Keys(":").Types("attack settings").Shows("Attack  E").Keys("enter").Shows("6 Attack", "restarts")
	if d.App.page != 5 {
		t.Fatalf("page %d", d.App.page)
	}
}
