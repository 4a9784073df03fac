package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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
		if os.Getenv("CI") != "" {
			t.Fatalf("the generator cannot be built: %v\n%s", err, out)
		}
		t.Skipf("the generator cannot be built here: %v\n%s", err, out)
	}
	committed, err := filepath.Glob("*_amd64.s")
	if err != nil || len(committed) == 0 {
		t.Fatalf("%v: %v", committed, err)
	}
	for _, file := range committed {
		name := strings.TrimSuffix(file, "_amd64.s")
		group, isa, _ := strings.Cut(name, "_")
		code, stubs := filepath.Join(dir, name+".s"), filepath.Join(dir, name+".go")
		if out, err := exec.Command(generator, "-isa", isa, "-kernels", group, "-out", code, "-stubs", stubs, "-pkg", "kernel").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		same(t, code, file)
		same(t, stubs, name+"_amd64.go")
	}
}

// Registers from 16 on can be encoded for AVX-512 only: a kernel for AVX2 that uses one is an
// illegal instruction on a processor without.
func TestAVX2UsesItsRegisters(t *testing.T) {
	files, err := filepath.Glob("*_avx2_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %v", files, err)
	}
	beyond := regexp.MustCompile(`\b[XYZ](1[6-9]|2[0-9]|3[01])\b|\bZ[0-9]`)
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if used := beyond.Find(code); used != nil {
			t.Errorf("%s uses register %s", file, used)
		}
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
