package train

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// childLimit is the variable that says how long files of a child may become.
const childLimit = "HFCUI_TEST_FILE_LIMIT"

func init() {
	if limit, err := strconv.ParseUint(os.Getenv(childLimit), 10, 64); err == nil {
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit})
	}
}

// TestNoSpaceLeft lets a training's files become too long for what there is: its checkpoint
// at once, and then its events somewhere. What was good must stay, the error must name the
// folder, and with space again the run must come to its end as if nothing had been.
func TestNoSpaceLeft(t *testing.T) {
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	train := func(dir, limit string) (string, error) {
		t.Setenv(childLimit, limit)
		cmd, out := child(t, dir)
		var text strings.Builder
		for b := make([]byte, 4096); ; {
			n, err := out.Read(b)
			text.Write(b[:n])
			if err != nil {
				break
			}
		}
		return text.String(), cmd.Wait()
	}
	if text, err := train(whole, ""); err != nil {
		t.Fatal(text)
	}
	size := func(name string) int64 {
		info, err := os.Stat(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if size(EventsFile) < size(StateFile)*3/2 {
		t.Fatalf("events of %d bytes beside a state of %d", size(EventsFile), size(StateFile))
	}
	text, err := train(parts, strconv.FormatInt(size(StateFile)*9/10, 10))
	if err == nil || !strings.Contains(text, StateFile) || !strings.Contains(text, "file too large") {
		t.Fatalf("%v: %s", err, text)
	}
	text, err = train(parts, strconv.FormatInt(size(StateFile)*5/4, 10))
	if err == nil || !strings.Contains(text, "run folder "+parts) || !strings.Contains(text, "file too large") {
		t.Fatalf("%v: %s", err, text)
	}
	if at := checkpointed(t, parts); at == 0 {
		t.Error("no good state was left")
	}
	readEvents(t, parts) // all of them whole
	if text, err := train(parts, ""); err != nil {
		t.Fatal(text)
	}
	sameRun(t, parts, whole)
}
