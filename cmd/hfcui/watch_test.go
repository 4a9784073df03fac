package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trained is a finished run folder of two epochs below dir.
func trained(t *testing.T, dir, name string) {
	t.Helper()
	o := hfcuiIn(t, dir, "train", "--data", "shapes:train=256,test=64", "--net", "resnet8-w4", "--epochs", "2", "--batch", "64", "--bands", "4,8", "--run", name)
	if o.status != 0 {
		t.Fatalf("%+v", o)
	}
}

func TestWatchReports(t *testing.T) {
	dir := t.TempDir()
	trained(t, dir, "first")
	trained(t, dir, "second")
	text := hfcuiIn(t, dir, "watch", "first", "second").done(t).stdout
	if strings.Count(text, "finished at step 8") != 2 || strings.Count(text, "first  epoch 2  step ") != 4 || strings.Count(text, "low 4: ") != 4 {
		t.Errorf("%s", text)
	}
	for _, line := range strings.Split(strings.TrimSpace(hfcuiIn(t, dir, "watch", "first", "--jsonl").done(t).stdout), "\n") {
		var e struct{ Run, Type string }
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Run != "first" || e.Type == "" {
			t.Errorf("%q: %v", line, err)
		}
	}
	type watchJSON struct {
		Runs []struct {
			Run, State *string
			Config     map[string]any
			Events     []map[string]any
		}
	}
	got := document[watchJSON](t, hfcuiIn(t, dir, "watch", "first", "second", "--json"))
	if len(got.Runs) != 2 || *got.Runs[1].Run != "second" || *got.Runs[1].State != "ended" || got.Runs[1].Config["net"] != "resnet8-w4" || len(got.Runs[1].Events) < 13 {
		t.Errorf("%+v", got)
	}
	hfcuiIn(t, dir, "watch", "first", "second", "--export", "runs.csv", "--tensorboard", "board").done(t)
	csv, err := os.ReadFile(filepath.Join(dir, "runs.csv"))
	if err != nil || strings.Count(string(csv), "\nsecond,epoch/test,") != 2 {
		t.Errorf("%s, %v", csv, err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "board", "*", "events.out.tfevents.*")); len(files) != 2 {
		t.Errorf("%v", files)
	}
	hfcuiIn(t, dir, "watch", "first", "--export", "runs.json").done(t)
	exported, err := os.ReadFile(filepath.Join(dir, "runs.json"))
	var again watchJSON
	if err == nil {
		err = json.Unmarshal(exported, &again)
	}
	if err != nil || len(again.Runs) != 1 || len(again.Runs[0].Events) != len(got.Runs[0].Events) {
		t.Errorf("%v", err)
	}
	if o := hfcuiIn(t, dir, "watch", "nosuch", "--once", "--wait"); o.status != 0 || o.stdout != "" || !strings.Contains(o.stderr, "nosuch has neither run events nor checkpoints") {
		t.Errorf("%+v", o)
	}
	if o := hfcuiIn(t, dir, "watch", "nosuch"); o.status != 1 || o.stdout != "" || !strings.Contains(o.stderr, "nosuch: no such folder") {
		t.Errorf("%+v", o)
	}
	if o := hfcuiIn(t, dir, "watch", ".", "--json"); len(document[watchJSON](t, o).Runs) != 2 {
		t.Errorf("%+v", o)
	}
	if o := hfcuiIn(t, dir, "watch", "first", "runs.csv", "board"); o.status != 0 || !strings.Contains(o.stderr, "skipped runs.csv (not a folder), board (no run or checkpoints in it)") {
		t.Errorf("%+v", o)
	}
}

// TestWatchFollowsATraining watches a run that starts later, is killed and resumed.
func TestWatchFollowsATraining(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a while")
	}
	dir := t.TempDir()
	watch := exec.Command(program, "watch", "run", "--wait", "--jsonl", "--silence", "0.5")
	watch.Dir, watch.Env = dir, environment(t)
	var stderr strings.Builder
	watch.Stderr = &stderr
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	var people strings.Builder
	text := exec.Command(program, "watch", "run", "--wait")
	text.Dir, text.Env, text.Stdout = dir, watch.Env, &people
	if err := text.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	until := func(kind string) map[string]any {
		t.Helper()
		for lines.Scan() {
			var e map[string]any
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			if e["type"] == kind {
				return e
			}
		}
		t.Fatalf("no %s came: %v, %s", kind, lines.Err(), stderr.String())
		return nil
	}
	until("waiting")
	args := []string{"train", "--data", "shapes:train=160,test=16", "--net", "resnet8-w4", "--epochs", "40", "--batch", "16", "--run", "run"}
	train := exec.Command(program, args...)
	train.Dir, train.Env = dir, environment(t)
	if err := train.Start(); err != nil {
		t.Fatal(err)
	}
	until("checkpoint")
	until("step")
	train.Process.Kill()
	train.Wait()
	until("silent")
	if o := hfcuiIn(t, dir, args...); o.status != 0 {
		t.Fatalf("%+v", o)
	}
	if end := until("end"); end["reason"] != "finished" || end["step"] != 400.0 {
		t.Errorf("%v", end)
	}
	if err := watch.Wait(); err != nil || stderr.String() != "" {
		t.Errorf("%v, %s", err, stderr.String())
	}
	if err := text.Wait(); err != nil || strings.Count(people.String(), "epoch 1  step 1 of 400 ") != 1 ||
		!strings.Contains(people.String(), "resumed at step") || !strings.HasSuffix(people.String(), "finished at step 400\n") {
		t.Errorf("%v, %s", err, people.String())
	}
}

// TestWatchMeasuresWeights watches a folder into which weights are put.
func TestWatchMeasuresWeights(t *testing.T) {
	dir := t.TempDir()
	weights := filepath.Join(dir, "weights")
	if err := os.Mkdir(weights, 0o755); err != nil {
		t.Fatal(err)
	}
	hfcuiIn(t, dir, "model", "convert", "demo", filepath.Join("weights", "epoch7.safetensors")).done(t)
	given := hfcuiIn(t, dir, "watch", "weights", "--once").done(t).stdout
	if !strings.Contains(given, "epoch7.safetensors") || !strings.Contains(given, "--data") {
		t.Errorf("%s", given)
	}
	measured := hfcuiIn(t, dir, "watch", "weights", "--once", "--data", "shapes:test=20", "--bands", "8").done(t).stdout
	bands := document[bandsJSON](t, hfcui(t, "bands", "--data", "shapes:test=20", "-r", "8", "--json"))
	if !strings.Contains(measured, "epoch7.safetensors  20 test images") || !strings.Contains(measured, "low 8: ") {
		t.Errorf("%s", measured)
	}
	type run struct {
		Run, State string
		Events     []bandsEventJSON
	}
	got := document[struct{ Runs []run }](t, hfcuiIn(t, dir, "watch", "weights", "--json", "--data", "shapes:test=20", "--bands", "8"))
	if e := got.Runs[0].Events; len(e) != 1 || e[0].Epoch != 7 || *e[0].Whole.Correct != *bands.Whole.Correct || *e[0].Bands[1].Correct != *bands.Bands[1].Correct {
		t.Errorf("%+v", got)
	}

	watch := exec.Command(program, "watch", "weights", "--jsonl", "--data", "shapes:test=20")
	watch.Dir, watch.Env = dir, environment(t)
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, want := range []string{"epoch7.safetensors", "epoch8.safetensors"} {
		if !lines.Scan() || !strings.Contains(lines.Text(), `"file":"`+want+`"`) {
			t.Errorf("%q, want %s", lines.Text(), want)
		}
		hfcuiIn(t, dir, "model", "convert", "demo", filepath.Join("weights", "epoch8.safetensors")).done(t)
	}
	watch.Process.Signal(syscall.SIGINT)
	time.AfterFunc(20*time.Second, func() { watch.Process.Kill() })
	watch.Wait()
	if status := watch.ProcessState.ExitCode(); status != 130 {
		t.Errorf("status %d", status)
	}
}

type bandsEventJSON struct {
	bandsJSON
	Type, Time  string
	Seconds     float64
	Step, Epoch int
}
