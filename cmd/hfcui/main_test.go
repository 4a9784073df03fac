package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// program is the command as it is built for a user, made once for all tests.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndTest(m)) }

func buildAndTest(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hfcui-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "hfcui")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	args := []string{"build", "-o", program}
	if raceDetector {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, ".")...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building hfcui:", err)
		return 1
	}
	return m.Run()
}

// patience is how long a program may take for something before a test gives up: only what
// hangs takes as long, also on machines that do other things as well.
const patience = 2 * time.Minute

// outcome is what a run of the command left.
type outcome struct {
	status         int
	stdout, stderr string
}

// hfcui runs the built command in a folder of its own, without a terminal, its cache
// folder empty.
func hfcui(t *testing.T, args ...string) outcome {
	t.Helper()
	return hfcuiIn(t, t.TempDir(), args...)
}

// hfcuiIn runs the built command in dir.
func hfcuiIn(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = environment(t)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("hfcui %q: %v", args, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("hfcui %q did not end", args)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// environment is the test's own, but for what would tell the command of the tester's
// terminal and data.
func environment(t testing.TB) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "TMUX", "TMUX_PANE", "STY", "SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
			"VTE_VERSION", "WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "COLUMNS", "LINES", "NO_COLOR", "TERM", "COLORTERM", "HFCUI_CACHE":
			continue
		}
		env = append(env, v)
	}
	return append(env, "XDG_CACHE_HOME="+t.TempDir(), "TERM=xterm-256color", "COLORTERM=truecolor")
}

// done wants a run to have succeeded in silence but for its output.
func (o outcome) done(t *testing.T) outcome {
	t.Helper()
	if o.status != 0 || slowBF16.ReplaceAllString(o.stderr, "") != "" {
		t.Fatalf("status %d, standard error %q", o.status, o.stderr)
	}
	return o
}

// slowBF16 is the note that a processor without bf16 instructions is due.
var slowBF16 = regexp.MustCompile(`(?m)^hfcui: note: bf16 .*\n`)

// refused wants a run to have failed with one clear line and nothing else.
func (o outcome) refused(t *testing.T, status int, words ...string) {
	t.Helper()
	if o.status != status {
		t.Errorf("status %d, want %d", o.status, status)
	}
	if o.stdout != "" {
		t.Errorf("standard output is not empty: %.200q", o.stdout)
	}
	line, rest, ended := strings.Cut(o.stderr, "\n")
	if !strings.HasPrefix(line, "hfcui: ") || len(line) < len("hfcui: x") || !ended || rest != "" {
		t.Errorf("standard error is not one line of hfcui: %.600q", o.stderr)
	}
	if len(line) > 400 {
		t.Errorf("the line is %d bytes long: %.600q", len(line), line)
	}
	for _, w := range words {
		if !strings.Contains(line, w) {
			t.Errorf("%q does not mention %q", line, w)
		}
	}
	for _, bad := range []string{"panic", "goroutine", "runtime error", "%!", "<nil>", "\x1b"} {
		if strings.Contains(o.stderr, bad) {
			t.Errorf("standard error has %q: %.600q", bad, o.stderr)
		}
	}
}
