package cudatest

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/cudnn.c
var cudnnSource string

// CuDNN compiles a libcudnn that computes in host memory, and checks how it is called, with options of
// testdata/cudnn.c. It returns the library's path.
func CuDNN(t testing.TB, options ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "libcudnn.so.9")
	cmd := exec.Command("gcc", append(options, "-shared", "-fPIC", "-O2", "-x", "c", "-o", path, "-")...)
	cmd.Stdin = strings.NewReader(cudnnSource)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
