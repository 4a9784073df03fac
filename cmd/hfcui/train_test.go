package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTrainKeepsItsRun(t *testing.T) {
	dir := t.TempDir()
	args := []string{"train", "--data", "shapes:train=256,test=64", "--net", "resnet8-w4", "--epochs", "1", "--batch", "64", "--run", "run", "--json"}
	type event struct {
		Type            *string
		Time            *time.Time
		Epoch, Step     *int
		Loss, Seconds   *float64
		LearningRate    *float64 `json:"learning_rate"`
		ImagesPerSecond *float64 `json:"images_per_s"`
		Roughness       *float64 // of the first layer's kernels
		Train, Test     *scoreJSON
	}
	trained := hfcuiIn(t, dir, args...)
	if lines := strings.Split(strings.TrimSpace(trained.stderr), "\n"); len(lines) != 1 || !strings.Contains(lines[0], "epoch 1") || !strings.Contains(lines[0], "n 64") {
		t.Errorf("stderr: %q", trained.stderr)
	}
	trained.stderr = ""
	got := document[event](t, trained)
	if *got.Type != "epoch" || *got.Epoch != 1 || *got.Step != 4 || !(*got.Loss > 0) {
		t.Errorf("%+v", got)
	}
	got.Train.check(t, "train", 256)
	got.Test.check(t, "test", 64)
	for _, name := range []string{"config.json", "events.jsonl", "model.safetensors", "state.safetensors"} {
		if _, err := os.Stat(filepath.Join(dir, "run", name)); err != nil {
			t.Error(err)
		}
	}
	for _, again := range [][]string{args, {"train", "--run", "run", "--json"}} {
		o := hfcuiIn(t, dir, again...)
		if o.status != 0 || o.stdout != trained.stdout || !strings.Contains(o.stderr, "note: the run in run has already finished") || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("%q again: %+v", again, o)
		}
	}
	hfcuiIn(t, dir, "train", "--run", "run", "--epochs", "2").refused(t, 1, "run", "epochs 1, not 2")
	hfcuiIn(t, dir, "train", "--run", "run", "--bands", "4").refused(t, 1, "run", "bands none, not")
	hfcuiIn(t, dir, "model", "info", filepath.Join("run", "model.safetensors")).done(t)
	hfcuiIn(t, dir, "bands", "--model", filepath.Join("run", "model.safetensors"), "--data", "shapes:test=20", "-r", "4").done(t)
}

// TestTrainRecordsItsRecipe wants every flag of a recipe in config.json.
func TestTrainRecordsItsRecipe(t *testing.T) {
	dir := t.TempDir()
	args := strings.Fields("train --data shapes:train=128,test=32 --net preact-resnet8-w4 --batch 32 --run")
	for run, c := range map[string]struct{ flags, config string }{
		"parts": {"--steps 6 --init xavier --schedule step --milestones 1 --factor 0.5 --input low -r 6 --normalize max --mixup 0.5 --label-noise 0.25 --balance-classes --dropout 0.5 --fixed-norms --freeze 2",
			`"steps":6 "init":"xavier" "schedule":"step" "milestones":[1] "factor":0.5 "input":"low" "radius":6 "normalize":"max" "mixup":0.5 "label_noise":0.25 "balance_classes":true "dropout":0.5 "fixed_norms":true "freeze":"2"`},
		"attacked": {"--epochs 1 --adversarial 8/255 --attack-steps 2 --random-start --attack-bn batch",
			`"epochs":1 "input":"whole" "adversarial":{"epsilon":0.03137254901960784,"steps":2,"step_size":0.003137254901960784,"random_start":true,"bn":"batch"}`},
	} {
		hfcuiIn(t, dir, append(append(args[:len(args):len(args)], run), strings.Fields(c.flags)...)...)
		var config bytes.Buffer
		text, err := os.ReadFile(filepath.Join(dir, run, "config.json"))
		if err == nil {
			err = json.Compact(&config, text)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Fields(c.config) {
			if !strings.Contains(config.String(), field) {
				t.Errorf("%s: no %s in %s", run, field, &config)
			}
		}
		if s := hfcuiIn(t, dir, "train", "--run", run); s.status != 0 || !strings.Contains(s.stderr, "already finished") {
			t.Errorf("%s again: %+v", run, s)
		}
	}
}

// TestInterruptedTrainingSaysHowToResume interrupts a run and resumes it as the message says.
func TestInterruptedTrainingSaysHowToResume(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a while, twice")
	}
	dir := t.TempDir()
	args := []string{"--data", "shapes:train=160,test=16", "--net", "resnet8-w4", "--epochs", "20", "--batch", "16", "--seed", "3", "--bands", "4,8", "--bands-every", "20", "--run"}
	hfcuiIn(t, dir, append([]string{"train"}, append(args, "whole")...)...)
	cmd := exec.Command(program, append([]string{"train"}, append(args, "a run")...)...)
	var stderr strings.Builder
	cmd.Dir, cmd.Env, cmd.Stderr = dir, environment(t), &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(5 * time.Millisecond) {
		if text, _ := os.ReadFile(filepath.Join(dir, "a run", "events.jsonl")); strings.Count(string(text), "\n") > 20 {
			break
		}
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	last := stderr.String()[strings.LastIndex(strings.TrimSpace(stderr.String()), "\n")+1:]
	if cmd.ProcessState.ExitCode() != 130 || !strings.Contains(last, "ended by a signal: interrupt: stopped at step ") || !strings.HasSuffix(last, "resume with: hfcui train --run 'a run'\n") {
		t.Fatalf("%v: %q", cmd.ProcessState, stderr.String())
	}
	o := hfcuiIn(t, dir, "train", "--run", "a run")
	if o.status != 0 || !strings.Contains(o.stderr, "resumed at step") {
		t.Fatalf("%+v", o)
	}
	want, err := os.ReadFile(filepath.Join(dir, "whole", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a run", "model.safetensors")); err != nil || string(got) != string(want) {
		t.Errorf("the weights differ: %v", err)
	}
}

func TestTrainInBF16(t *testing.T) {
	dir := t.TempDir()
	o := hfcuiIn(t, dir, "train", "--data", "shapes:train=16,test=4", "--net", "resnet8-w4", "--epochs", "1", "--batch", "8", "--run", "run", "--dtype", "bf16")
	if o.status != 0 {
		t.Fatalf("%+v", o)
	}
	config, err := os.ReadFile(filepath.Join(dir, "run", "config.json"))
	if err != nil || !bytes.Contains(config, []byte(`"dtype": "bf16"`)) {
		t.Errorf("%v, %s", err, config)
	}
}
