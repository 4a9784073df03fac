package train

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
)

// childFolder is the variable that makes this test's program the one that is killed.
const childFolder = "HFCUI_TEST_RUN_FOLDER"

// childRun is what it trains.
func childRun() (Config, *dataset.Data) {
	c, data := small()
	c.Net, c.Epochs, c.Batch, c.Limit = "resnet8-w2", 150, 8, 16
	c.Bands.Every, c.Bands.Limit = 100, 8
	data.Test = dataset.Subset(data.Test, 16)
	return c, data
}

// TestChild trains until it is killed or done.
func TestChild(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("only within TestKilledAtAnyMoment")
	}
	c, data := childRun()
	begun := false
	_, err := Run(t.Context(), dir, c, data, testDevice(t), Options{Progress: func(p Progress) {
		if !begun {
			begun = true
			fmt.Println("begun")
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// child starts a training process; out reports when it has started to train.
func child(t *testing.T, dir string) (cmd *exec.Cmd, out io.Reader) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// TestKilledAtAnyMoment kills a training 60 times, mostly while it trains or writes, now
// and then while it starts. What it comes to in the end must be what an undisturbed run
// comes to: weights and events.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	cmd, out := child(t, whole)
	out.Read(make([]byte, 1))
	begun := time.Now()
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	// Were nothing lost, the kills would come to three quarters of the run.
	window := time.Since(begun) * 3 / 2 / time.Duration(kills)
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	steps, taken := 0, 0
	for kill := range kills {
		cmd, out := child(t, parts)
		if kill%8 > 0 {
			out.Read(make([]byte, 1))
		}
		time.Sleep(time.Duration(random.Int64N(int64(window))))
		cmd.Process.Kill()
		io.Copy(io.Discard, out)
		cmd.Wait()
		if at := checkpointed(t, parts); at > steps {
			steps, taken = at, taken+1
		}
	}
	t.Logf("%d kills within %v each; %d of them left a newer checkpoint, the last at step %d", kills, window, taken, steps)
	cmd, out = child(t, parts)
	text, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	sameRun(t, parts, whole)
	if left, err := filepath.Glob(filepath.Join(parts, ".*.tmp")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// checkpointed is the step of a folder's checkpoint; 0 where there is none.
func checkpointed(t *testing.T, dir string) int {
	path := filepath.Join(dir, StateFile)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return 0
	}
	f, err := checkpoints.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var at position
	if err := json.Unmarshal([]byte(f.Metadata[keyPosition]), &at); err != nil {
		t.Fatal(err)
	}
	return at.Step
}
