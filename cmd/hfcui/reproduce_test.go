package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hfcui/engine/experiment"
)

func TestReproduceLists(t *testing.T) {
	list := document[[]struct {
		Name  string `json:"name"`
		About string `json:"about"`
		Runs  int    `json:"runs"`
	}](t, hfcuiIn(t, t.TempDir(), "reproduce", "--list", "--json"))
	if len(list) != len(experiment.All()) || list[1].Name != "table1" || list[1].Runs != 24 {
		t.Errorf("%+v", list)
	}
}

// TestReproduceInterrupted ends an experiment by a signal, and by SIGKILL when it is resumed;
// what it did by then is kept, and it says how to go on.
func TestReproduceInterrupted(t *testing.T) {
	dir := t.TempDir()
	events := filepath.Join(dir, "exp", "low-4-seed1", "events.jsonl")
	begin := func(signal os.Signal) string {
		cmd := exec.Command(program, "reproduce", "table1", "--quick", "--data", "shapes:train=10000,test=32", "--run", "exp")
		var stderr strings.Builder
		cmd.Dir, cmd.Stderr = dir, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for before := size(events); size(events) <= before; time.Sleep(10 * time.Millisecond) {
			select {
			case err := <-ended:
				t.Fatalf("%v: %s", err, stderr.String())
			default:
			}
		}
		cmd.Process.Signal(signal)
		<-ended
		return stderr.String()
	}
	given := begin(syscall.SIGINT)
	if !strings.Contains(given, "resume with: hfcui reproduce table1 --quick --data 'shapes:train=10000,test=32' --run exp") {
		t.Errorf("%q", given)
	}
	begin(os.Kill)
	given = begin(syscall.SIGTERM)
	if !strings.Contains(given, "resume with") {
		t.Errorf("%q", given)
	}
	text, err := os.ReadFile(filepath.Join(dir, "exp", experiment.PlanFile))
	var p experiment.Plan
	if err != nil || json.Unmarshal(text, &p) != nil || p.Name != "table1" || len(p.Settings) != 8 {
		t.Errorf("%v %s", err, text)
	}
}

// size is how long a file is, 0 where there is none.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
