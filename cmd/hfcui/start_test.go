package main

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// initialized is a line of GODEBUG=inittrace=1 about a package of this module.
var initialized = regexp.MustCompile(`(?m)^init (hfcui/\S+) @\S+ ms, (\S+) ms clock`)

// Every command waits for the initialization of all packages. A table that takes longer than a
// fraction of a millisecond to fill belongs in a sync.OnceValue. The minimum of several runs does not
// depend on what else the machine does.
func TestInitializationIsShort(t *testing.T) {
	const runs, most = 5, 4.0 // ms; about 1 is used
	shortest := make(map[string]float64)
	for range runs {
		cmd := exec.Command(program, "--version")
		cmd.Env = append(environment(t), "GODEBUG=inittrace=1")
		trace, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range initialized.FindAllStringSubmatch(string(trace), -1) {
			ms, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Fatal(err)
			}
			if least, ok := shortest[m[1]]; !ok || ms < least {
				shortest[m[1]] = ms
			}
		}
	}
	total := 0.0
	for _, ms := range shortest {
		total += ms
	}
	if total == 0 || total > most && !raceDetector {
		t.Errorf("packages take %.2f ms to initialize, more than %v: %v", total, most, shortest)
	}
}
