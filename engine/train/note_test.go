package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNotes(t *testing.T) {
	dir := t.TempDir()
	set := func(step int, text string, want ...string) {
		t.Helper()
		notes, err := SetNote(dir, Note{step, text, time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadNotes(dir)
		if err != nil || len(again) != len(notes) {
			t.Fatalf("%v, %v", again, err)
		}
		var got []string
		for _, n := range again {
			got = append(got, n.Text)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	set(9, "late", "late")
	set(3, "early\x1b[2J", "early[2J", "late")
	set(9, strings.Repeat("x", 500), "early[2J", strings.Repeat("x", maxNoteText))
	set(9, "", "early[2J")
	set(5, "", "early[2J")
	for name, text := range map[string]string{"none": "nonsense", "cut": `{"notes":[{"step":`, "long": strings.Repeat(" ", maxNotesFile+1)} {
		if err := os.WriteFile(filepath.Join(dir, NotesFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadNotes(dir); err == nil || !strings.Contains(err.Error(), NotesFile) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := SetNote(dir, Note{Step: 1, Text: "a"}); err == nil {
			t.Errorf("%s was replaced", name)
		}
	}
	if notes, err := ReadNotes(filepath.Join(dir, "nosuch")); err != nil || notes != nil {
		t.Errorf("%v, %v", notes, err)
	}
}
