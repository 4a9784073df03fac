package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The committed assembly must be what the generator makes. Without the generator's modules,
// which may need the network once, this is not tested.
func TestGeneratedIsCommitted(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	run := func(args ...string) ([]byte, error) {
		c := exec.Command("go", args...)
		c.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOOS=", "GOARCH=", "GOWORK=off")
		return c.CombinedOutput()
	}
	dir := t.TempDir()
	generator := filepath.Join(dir, "gen.exe")
	if out, err := run("build", "-C", "../gen", "-o", generator, "."); err != nil {
		t.Skipf("the generator cannot be built here: %v\n%s", err, out)
	}
	for _, isa := range []string{"avx512", "avx2"} {
		code, stubs := filepath.Join(dir, isa+".s"), filepath.Join(dir, isa+".go")
		if out, err := exec.Command(generator, "-isa", isa, "-out", code, "-stubs", stubs, "-pkg", "kernel").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		same(t, code, isa+"_amd64.s")
		same(t, stubs, isa+"_amd64.go")
	}
}

// same checks two files but for the first line, which tells the command.
func same(t *testing.T, made, committed string) {
	t.Helper()
	a, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	_, a, _ = bytes.Cut(a, []byte("\n"))
	_, b, _ = bytes.Cut(b, []byte("\n"))
	if !bytes.Equal(a, b) {
		t.Errorf("%s is not what the generator makes: run go generate", committed)
	}
}
