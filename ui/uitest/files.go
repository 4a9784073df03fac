package uitest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func Exported(t *testing.T, folder, suffix string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*"+suffix))
	if err != nil || len(found) == 0 {
		t.Fatalf("no file ends in %s: %v", suffix, err)
	}
	return found[len(found)-1]
}

func Read(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}
