package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"hfcui/engine/train"
	"hfcui/ui"
)

// logFile is where a run that was left running writes its messages, in its folder.
const logFile = "log.txt"

// leaveTime is how long to wait for the first events of a run that is left running.
const leaveTime = 20 * time.Second

// leaveRunning starts this program as a process of its own that resumes the run in dir, and says
// whether that worked.
func leaveRunning(dir string, args ...string) {
	pid, err := startDetached(dir, args)
	if err != nil {
		sayNote(fmt.Sprintf("%s: training stopped instead of continuing in the background: %v; its checkpoint is saved", dir, err))
		return
	}
	sayNote(fmt.Sprintf("%s continues as process %d, messages in %s; follow it: hfcui watch %s; stop it: kill %d",
		dir, pid, filepath.Join(dir, logFile), shellWord(dir), pid))
}

// startDetached starts this program in a session of its own, without this terminal, and waits until
// it writes events below dir, or ends.
func startDetached(dir string, args []string) (pid int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	log, err := os.OpenFile(filepath.Join(dir, logFile), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	said, _ := log.Seek(0, 2) // what follows is of this process
	before := eventsSize(dir)
	cmd := exec.Command(self, args...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, ownSession()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.After(leaveTime); eventsSize(dir) == before; {
		select {
		case err := <-ended:
			if err != nil {
				return 0, fmt.Errorf("%s", lastLine(log, said, err))
			}
			return cmd.Process.Pid, nil // it had little left to do
		case <-deadline:
			return cmd.Process.Pid, nil // it still opens its data
		case <-time.After(20 * time.Millisecond):
		}
	}
	return cmd.Process.Pid, nil
}

// lastLine is the last line of a log from an offset on, or the error if it has none.
func lastLine(log *os.File, from int64, err error) string {
	text := make([]byte, 4096)
	n, _ := log.ReadAt(text, from)
	line := bytes.TrimSpace(text[:n])
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	if len(line) == 0 {
		return err.Error()
	}
	return oneLine(string(bytes.TrimPrefix(line, []byte("hfcui: "))))
}

// eventsSize is the size of all events of a run, or of an experiment's runs.
func eventsSize(dir string) (size int64) {
	inside, _ := os.ReadDir(dir)
	runs := []string{dir}
	for _, e := range inside {
		if e.IsDir() {
			runs = append(runs, filepath.Join(dir, e.Name()))
		}
	}
	for _, run := range runs {
		if info, err := os.Stat(filepath.Join(run, train.EventsFile)); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
	}
	return size
}

// activeRuns finds the runs that other processes are training in a folder and the folders in it, as
// those left running.
func activeRuns(root string) (w ui.Watch) {
	var look func(dir string, deep int)
	look = func(dir string, deep int) {
		inside, _ := os.ReadDir(dir)
		for _, e := range inside {
			if run := filepath.Join(dir, e.Name()); e.IsDir() && len(w.Folders) < mostActive {
				switch {
				case train.Active(run):
					name, _ := filepath.Rel(root, run)
					w.Folders, w.Names = append(w.Folders, run), append(w.Names, name)
				case deep > 1:
					look(run, deep-1)
				}
			}
		}
	}
	look(root, 2)
	return w
}

// mostActive is the maximum number of active runs to show.
const mostActive = 16
