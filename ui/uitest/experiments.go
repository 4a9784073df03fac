package uitest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"hfcui/engine/experiment"
	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// PutFile writes a document into a folder that need not be there.
func PutFile(t *testing.T, content any, at ...string) {
	t.Helper()
	path := filepath.Join(at...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(content)
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// PutRun writes a run folder whose last line tells of an epoch, and of its end if it has a
// reason.
func PutRun(t *testing.T, dir string, c train.Config, epoch int, reason string) {
	t.Helper()
	PutFile(t, c, dir, "config.json")
	at := train.Stamp{Type: "epoch", Time: time.Now(), Seconds: 10 * float64(epoch), Step: epoch, Epoch: epoch}
	line, err := json.Marshal(train.EpochEvent{Stamp: at, Test: &measure.Score{Correct: 5, N: 10}})
	if err != nil {
		t.Fatal(err)
	}
	text := append(line, '\n')
	if reason != "" {
		at.Type = "end"
		line, _ := json.Marshal(train.EndEvent{Stamp: at, Reason: reason})
		text = append(append(text, line...), '\n')
	}
	if err := os.WriteFile(filepath.Join(dir, train.EventsFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// PutExperiments writes fig4 as it is half done and table1 with a report.
func PutExperiments(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{"fig4", "table1"} {
		e, err := experiment.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		dir, p := experiment.Dir(root, e, experiment.Quick), e.Plan(experiment.Quick, "cifar10", 2)
		PutFile(t, p, dir, experiment.PlanFile)
		if name == "fig4" {
			for i, s := range p.Settings[:2] {
				PutRun(t, filepath.Join(dir, fmt.Sprintf("%s-seed1", Dashed(s.Name))), s.Config, []int{s.Config.Epochs, 1}[i], []string{train.Finished, ""}[i])
			}
			continue
		}
		number := func(v float64) *float64 { return &v }
		PutFile(t, experiment.Summary{Name: name, Size: experiment.Quick, Data: "cifar10", Seeds: p.Seeds, Interval: "Student's t", Criteria: []experiment.Finding{
			{Criterion: "Accuracy rises\x1b[2J with r", Verdict: experiment.Supported, Parts: []experiment.PartVerdict{{Text: "low 8 − low 4 > 0", Mean: number(0.123), Half: number(0.012), N: 3, Verdict: experiment.Supported}}},
			{Criterion: "Low beats high", Verdict: experiment.NotSupported, Parts: []experiment.PartVerdict{{Text: "low 4 − high 4", Mean: number(-0.5), Half: number(0.1), N: 2, Verdict: experiment.NotSupported}}},
			{Criterion: "Something else", Verdict: experiment.Inconclusive},
		}, Tables: []experiment.Results{{Title: "Attacks", Cells: []experiment.Cell{{Setting: "natural", Column: "PGD 0.09", Marks: []string{"seed 2: rises"}}}}}}, dir, experiment.ReportDir, "results.json")
	}
	return root
}

func Dashed(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == ' ' {
			b[i] = '-'
		}
	}
	return string(b)
}

// FakeReproducing does nothing but be under way.
type FakeReproducing struct {
	Started atomic.Int64
	Refuse  error
	Finish  chan struct{}
	Ended   []error
}

type fakeReproduction struct {
	done chan struct{}
	err  error
}

func (r *fakeReproduction) Done() <-chan struct{} { return r.done }

func (r *fakeReproduction) Err() error { return r.err }

func (r *fakeReproduction) Progress() *experiment.Progress {
	return &experiment.Progress{Setting: "natural", Seed: 2, Run: 3, Runs: 6, Part: .4, Left: 20 * time.Minute, Training: train.Progress{Epoch: 7, Epochs: 50}}
}

func (f *FakeReproducing) Expect(_ context.Context, _ experiment.Experiment, size experiment.Size, _ string) (experiment.Cost, error) {
	cost := experiment.Cost{Images: 2e6, Speed: 1000, Time: 2000 * time.Second}
	if size == experiment.Full {
		cost.Time = 200 * time.Hour
	}
	return cost, f.Refuse
}

func (f *FakeReproducing) Start(ctx context.Context, dir string) (*fakeReproduction, error) {
	f.Started.Add(1)
	r := &fakeReproduction{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		select {
		case <-ctx.Done():
			r.err = &train.StoppedError{Dir: dir, Err: ctx.Err()}
		case <-f.Finish:
		}
	}()
	return r, nil
}

func (f *FakeReproducing) End(_ experiment.Experiment, _ experiment.Size, _ string, err error) {
	f.Ended = append(f.Ended, err)
}
