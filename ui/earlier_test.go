package ui

import (
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/train"
	"hfcui/ui/uitest"
)

// The Train page without runs tells of those in the folder of runs.
func TestEarlierRuns(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"first", "second", "empty"} {
		dir := filepath.Join(base, "runs", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if name == "empty" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, train.EventsFile), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := uitest.NewFakeTraining()
	startWith(t, uitest.NewFakeLab(), Options{Training: trainingOf(f), Folder: base}, 140, 44).Keys("4").
		Shows("2 earlier runs in runs/ (O opens them).")
}
