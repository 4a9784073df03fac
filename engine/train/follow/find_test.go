package follow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folders makes files below a temporary folder, which becomes the working directory.
func folders(t *testing.T, files ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	folders(t, "runs/a/events.jsonl", "runs/b/config.json", "runs/grid/seed1/events.jsonl", "runs/grid/seed2/events.jsonl",
		"runs/grid/notes/readme.txt", "runs/weights/epoch1.pt", "runs/figures/loss.png", "runs/list.csv", "runs/.cache/events.jsonl", "empty/",
		"deep/1/2/3/4/5/events.jsonl")
	for _, c := range []struct {
		paths      []string
		absent     bool
		want, said string // folders, and notes or the error
	}{
		{[]string{"runs/a"}, false, "runs/a", ""},
		{[]string{"runs"}, false, "runs/a runs/b runs/grid/seed1 runs/grid/seed2 runs/weights", ""},
		{[]string{"runs/a", "runs/figures", "runs/grid", "runs/list.csv"}, false, "runs/a runs/grid/seed1 runs/grid/seed2", "skipped runs/figures (no run or checkpoints in it), runs/list.csv (not a folder)"},
		{[]string{"runs/a", "runs/a/", "runs"}, false, "runs/a runs/b runs/grid/seed1 runs/grid/seed2 runs/weights", ""},
		{[]string{"empty"}, false, "empty", ""},
		{[]string{"empty", "runs/figures"}, false, "", "empty, runs/figures: no run or checkpoints"},
		{[]string{"runs/a", "nosuch"}, false, "", "nosuch: no such folder"},
		{[]string{"runs/a", "nosuch"}, true, "runs/a nosuch", ""},
		{[]string{"runs/list.csv"}, true, "", "runs/list.csv: not a folder"},
		{[]string{"deep", "runs/a"}, true, "runs/a", "skipped deep"},
	} {
		dirs, notes, err := Find(c.paths, c.absent)
		said := strings.Join(notes, "; ")
		if err != nil {
			said = err.Error()
		}
		if got := filepath.ToSlash(strings.Join(dirs, " ")); got != c.want || c.said == "" && said != "" || !strings.Contains(said, c.said) {
			t.Errorf("%q: %q, %q", c.paths, got, said)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range [][2][]string{
		{{"runs/a", "runs/b/"}, {"a", "b"}},
		{{"x/seed1", "y/seed1", "y/seed2"}, {"x/seed1", "y/seed1", "y/seed2"}},
		{{"a/x/1", "b/x/1"}, {"a/x/1", "b/x/1"}},
		{{"same", "same"}, {"same", "same"}},
	} {
		if got := Names(c[0]); !slices.Equal(got, c[1]) {
			t.Errorf("%q: %q", c[0], got)
		}
	}
}
