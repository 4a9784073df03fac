package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestTerminalLeavesATrainingRunning quits during a training that is left running: it outlives the
// program and its terminal, and ends with a checkpoint when it is told to.
func TestTerminalLeavesATrainingRunning(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for seconds")
	}
	p := play(t, 140, 44, program, "--data", "shapes:train=320,test=32", "--page", "train", "--pictures", "blocks")
	p.says("to train a network")
	p.send("N")
	p.says("run folder")
	p.send("\r")
	p.says("epoch 1/")
	p.send("q")
	p.says("Quit, keep training")
	p.send("\x1b[B")
	p.quiet()
	p.send("\r")
	if status := p.exit(); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	found := regexp.MustCompile(`continues as process (\d+)`).FindStringSubmatch(p.written())
	if found == nil {
		t.Fatalf("nothing is left running: %.300q", lastPart(p.written(), "\x1b[?1006l"))
	}
	pid, _ := strconv.Atoi(found[1])
	defer syscall.Kill(pid, syscall.SIGKILL)
	p.master.Close() // the terminal's window is closed
	paths, _ := filepath.Glob(filepath.Join(p.cmd.Dir, "runs", "*", "events.jsonl"))
	if len(paths) != 1 {
		t.Fatal(paths)
	}
	events := func() []byte {
		text, _ := os.ReadFile(paths[0])
		return text
	}
	if w := activeRuns(filepath.Join(p.cmd.Dir, "runs")); len(w.Folders) != 1 {
		t.Errorf("the next start finds %v", w.Folders)
	}
	wait := func(what string, met func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !met(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("no %s: %s", what, events())
			}
		}
	}
	wait("resumption", func() bool { return bytes.Contains(events(), []byte(`"resumed":true`)) })
	before := len(events())
	wait("events after the end", func() bool { return len(events()) > before })
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait("end", func() bool { return bytes.Contains(events(), []byte(`"reason":"stopped"`)) })
}
