package experiment

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hfcui/engine/train"
)

func TestLook(t *testing.T) {
	dir, p, now := t.TempDir(), tiny(), time.Now()
	var l Scanner
	look := func() Folder {
		t.Helper()
		f := l.Scan(dir, now)
		if f.Err != nil {
			t.Fatal(f.Err)
		}
		return f
	}
	if f := look(); f.Plan != nil || f.Running || f.Data() != "" {
		t.Fatalf("%+v", f)
	}
	if err := begin(dir, p); err != nil {
		t.Fatal(err)
	}
	if f := look(); f.Data() != "shapes" || len(f.Runs) != 4 || f.Done != 0 || f.Part != 0 || f.Left != 0 || f.Running {
		t.Fatalf("%+v", f)
	}

	events := func(i int, list ...train.Event) string {
		to := filepath.Join(dir, p.runs()[i].dir())
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		config, _ := json.Marshal(p.runs()[i].Config)
		var text []byte
		for _, e := range list {
			line, _ := json.Marshal(e)
			text = append(append(text, line...), '\n')
		}
		for name, content := range map[string][]byte{"config.json": config, train.EventsFile: text} {
			if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	at := func(kind string, epoch int) train.Stamp {
		return train.Stamp{Type: kind, Seconds: 30 * float64(epoch), Epoch: epoch}
	}
	ended := func(reason string) train.Event { return &train.EndEvent{Stamp: at("end", 2), Reason: reason} }
	to := events(0, &train.EpochEvent{Stamp: at("epoch", 1)}, &train.EpochEvent{Stamp: at("epoch", 2)}, ended(train.Finished))
	if f := look(); f.Done != 0 || !f.Runs[0].Begun {
		t.Fatalf("what is measured after a run is not done, the run is: %+v", f)
	}
	text, err := json.Marshal(measured{p.After, make([]MeasurementResult, len(p.After))})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, measuredFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
	events(1, &train.EpochEvent{Stamp: at("epoch", 1)})
	f := look()
	if f.Done != 1 || !f.Running || f.Part != 3./8 || f.Left != 150*time.Second || f.Runs[1].Epoch != 1 {
		t.Fatalf("%+v", f)
	}
	if f := l.Scan(dir, now.Add(time.Hour)); f.Running {
		t.Fatalf("after an hour of silence: %+v", f)
	}
	events(1, &train.EpochEvent{Stamp: at("epoch", 1)}, ended(train.Stopped))
	if f := look(); f.Running || f.Done != 1 {
		t.Fatalf("stopped: %+v", f)
	}
	events(1, ended(train.Diverged))
	if f := look(); f.Done != 2 || !f.Running {
		t.Fatalf("diverged: %+v", f)
	}

	if _, err := Report(dir, p, nil); err != nil {
		t.Fatal(err)
	}
	if f := look(); f.Summary == nil || len(f.Summary.Criteria) != 1 || f.Summary.Report == "" {
		t.Fatalf("%+v", f)
	}
	if err := os.WriteFile(filepath.Join(dir, PlanFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if f := l.Scan(dir, now); f.Err == nil {
		t.Fatalf("%+v", f)
	}
}

// A plan's description and notes may be reworded: its folder can still be resumed, and its report
// is not out of date.
func TestWordingDoesNotMatter(t *testing.T) {
	dir, p := t.TempDir(), tiny()
	if err := begin(dir, p); err != nil {
		t.Fatal(err)
	}
	reworded := p
	reworded.About, reworded.Notes = "other words", []string{"a note", "and another"}
	if err := begin(dir, reworded); err != nil {
		t.Errorf("reworded: %v", err)
	}
	if _, err := Report(dir, reworded, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, ReportDir, PlanFile))
	if err != nil || !sameComputation(text, p) {
		t.Errorf("a reworded report is out of date: %v", err)
	}
	other := reworded
	other.Seeds = append(slices.Clone(p.Seeds), 99)
	if err := begin(dir, other); err == nil || sameComputation(text, other) {
		t.Errorf("another seed: %v", err)
	}
}

// Every setting of every experiment is told from the others.
func TestDescribe(t *testing.T) {
	for _, e := range All() {
		for _, size := range []Size{Quick, Full} {
			common, own := e.Plan(size, "cifar10", 2).Describe()
			seen := map[string]bool{}
			for _, s := range own {
				if seen[s] {
					t.Errorf("%s %s: two settings are %q", e.Name, size, s)
				}
				seen[s] = true
			}
			if common == "" {
				t.Errorf("%s %s has nothing in common", e.Name, size)
			}
		}
	}
	if n := tiny().Images(1000); n != 4*2*64 {
		t.Errorf("%v images", n)
	}
}
