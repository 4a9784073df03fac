package spectral

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedIsCommitted: the committed assembly is the generator's output. It is skipped without
// the generator's modules, which may need the network once.
func TestGeneratedIsCommitted(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	dir := t.TempDir()
	generator := filepath.Join(dir, "gen.exe")
	build := exec.Command("go", "build", "-C", "../engine/cpu/gen", "-o", generator, ".")
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOOS=", "GOARCH=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the generator cannot be built: %v\n%s", err, out)
		}
		t.Skipf("the generator cannot be built here: %v\n%s", err, out)
	}
	committed, err := filepath.Glob("*_amd64.s")
	if err != nil || len(committed) != 4 {
		t.Fatalf("%v: %v", committed, err)
	}
	for _, file := range committed {
		name := strings.TrimSuffix(file, ".s")
		group, isa, _ := strings.Cut(strings.TrimSuffix(name, "_amd64"), "_")
		code, stubs := filepath.Join(dir, "code.s"), filepath.Join(dir, "stubs.go")
		if out, err := exec.Command(generator, "-isa", isa, "-kernels", group, "-out", code, "-stubs", stubs, "-pkg", "spectral").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		same(t, code, file)
		same(t, stubs, name+".go")
	}
}

// same compares two files except for the first line, which has the command.
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
		t.Errorf("%s differs from the generator's output: run go generate", committed)
	}
}
