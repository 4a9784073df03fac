//go:build unix

package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// TestClosedOutputIsAFailure: a result that nobody can read must not end in success.
func TestClosedOutputIsAFailure(t *testing.T) {
	for redirection, status := range map[string]int{">&-": 1, ">/dev/null": 0, "| cat >/dev/null": 0} {
		cmd := exec.Command("sh", "-c", program+" model info demo --json "+redirection)
		cmd.Env = environment(t)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		_ = cmd.Run()
		if cmd.ProcessState.ExitCode() != status {
			t.Errorf("%s: status %d, want %d", redirection, cmd.ProcessState.ExitCode(), status)
		}
		said := stderr.String()
		if status == 1 && (!strings.HasPrefix(said, "hfcui: --json: standard output is closed") || strings.Count(said, "\n") != 1) {
			t.Errorf("%s: %q", redirection, said)
		}
		if status == 0 && said != "" {
			t.Errorf("%s: %q", redirection, said)
		}
	}
}
