package main

import (
	"encoding/json"
	"strings"
	"testing"

	"hfcui/engine/lab"
)

// What is clearly better than what was given or assumed is said, as text and in JSON, and so is
// that nothing could be checked.
func TestWrongReadingsDoNotPassInSilence(t *testing.T) {
	o := hfcui(t, "bands", "--mean", "bytes", "--data", "shapes:test=60", "-r", "8", "--json")
	var report struct {
		Mean          []float64
		Normalization string
		Checked       int
		Better        struct {
			Flags   string
			Correct int
			Current struct{ Correct int }
		}
	}
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil {
		t.Fatalf("%v in %s", err, o.stdout)
	}
	b := report.Better
	if len(report.Mean) != 3 || report.Normalization != "given" || report.Checked != 60 || b.Flags != "--mean none" || b.Correct < 50 || b.Current.Correct > 30 {
		t.Errorf("%+v", report)
	}
	if !strings.Contains(o.stderr, "note: --mean none is clearly better: accuracy ") {
		t.Error(o.stderr)
	}
	dir := fixtures(t)
	o = hfcuiIn(t, dir, "predict", "photo.png", "--assume", "epsilon=1e-3")
	if !strings.Contains(o.stderr, lab.Unverified) || !strings.Contains(o.stdout, "assumed stem-pool=none") && !strings.Contains(o.stdout, "given epsilon=0.001") {
		t.Errorf("%s%s", o.stderr, o.stdout)
	}
	if o = hfcuiIn(t, dir, "predict", "photo.png", "--model", "demo"); o.stderr != "" {
		t.Errorf("of the demo nothing is assumed: %s", o.stderr)
	}
}
