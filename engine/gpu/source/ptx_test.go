package source

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "compile the kernels to PTX with clang")

// compiler is clang of the version that made the PTX: others' differs.
const compiler = "clang-19"

// targets lists the compilations of all modules.
func targets() (all []target) {
	for _, m := range Modules() {
		all = append(all, m.targets()...)
	}
	return all
}

// compile returns the target's PTX, without comments.
func (t target) compile() (string, error) {
	cmd := exec.Command(compiler, t.options()...)
	cmd.Stdin = strings.NewReader(t.module.Text())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	text, err := cmd.Output()
	if err != nil {
		return "", &failed{t.file(), errs.String(), err}
	}
	var b strings.Builder
	b.WriteString(t.head())
	for line := range strings.Lines(string(text)) {
		if line, _, _ = strings.Cut(line, "//"); strings.TrimSpace(line) != "" {
			b.WriteString(strings.TrimRight(line, " \t\n") + "\n")
		}
	}
	return b.String(), nil
}

type failed struct {
	file, log string
	err       error
}

func (f *failed) Error() string { return f.file + ": " + f.err.Error() + "\n" + f.log }

// TestPTX: the embedded PTX is what clang makes of the source. Without clang, or with -short, it is
// only checked to be of this source.
func TestPTX(t *testing.T) {
	var files []string
	for _, c := range targets() {
		files = append(files, c.file())
	}
	if *update {
		write(t)
		return
	}
	present, err := filepath.Glob("ptx/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range present {
		if !slices.Contains(files, f) {
			t.Errorf("%s is of no module: remove it", f)
		}
	}
	for _, c := range targets() {
		text, err := c.module.PTX(c.arch)
		if err != nil || !strings.HasPrefix(text, c.head()) {
			t.Errorf("%s is not of this source (%v): run go generate ./engine/gpu/source", c.file(), err)
		}
	}
	if t.Failed() || testing.Short() {
		return
	}
	if _, err := exec.LookPath(compiler); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%v: install %s to compare the PTX with the compiler's", err, compiler)
	}
	each(func(c target) {
		want, err := c.compile()
		if err != nil {
			t.Error(err)
		} else if text, _ := c.module.PTX(c.arch); text != want {
			t.Errorf("%s is not what %s makes: run go generate ./engine/gpu/source", c.file(), compiler)
		}
	})
}

// TestNoLocalMemory: no kernel keeps arrays in memory, and none calls a function.
func TestNoLocalMemory(t *testing.T) {
	for _, c := range targets() {
		text, err := c.module.PTX(c.arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{".local", "call", ".extern"} {
			if strings.Contains(text, word) {
				t.Errorf("%s has %s", c.file(), word)
			}
		}
	}
}

// each calls f for all targets, in parallel.
func each(f func(target)) {
	work := make(chan target)
	done := make(chan bool)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for c := range work {
				f(c)
			}
			done <- true
		}()
	}
	for _, c := range targets() {
		work <- c
	}
	close(work)
	for range runtime.GOMAXPROCS(0) {
		<-done
	}
}

// write compiles what has changed.
func write(t *testing.T) {
	if err := os.MkdirAll("ptx", 0o755); err != nil {
		t.Fatal(err)
	}
	kept := make(map[string]bool)
	for _, c := range targets() {
		kept[c.file()] = true
	}
	old, _ := filepath.Glob("ptx/*.gz")
	for _, f := range old {
		if !kept[f] {
			os.Remove(f)
		}
	}
	each(func(c target) {
		if data, err := os.ReadFile(c.file()); err == nil {
			if text, err := unzip(data); err == nil && strings.HasPrefix(text, c.head()) {
				return
			}
		}
		text, err := c.compile()
		if err != nil {
			t.Error(err)
			return
		}
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		z.Write([]byte(text))
		z.Close()
		if err := os.WriteFile(c.file(), b.Bytes(), 0o644); err != nil {
			t.Error(err)
		}
	})
}
