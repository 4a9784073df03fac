package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestEntries(t *testing.T) {
	f := Folder(filepath.Join(t.TempDir(), "new", "gpu"))
	key := Key("cl", "driver", "source")
	if f.Get(key) != nil {
		t.Error("an entry before it is put")
	}
	for _, content := range []string{"compiled", "", "compiled anew"} {
		f.Put(key, []byte(content))
		if got := f.Get(key); string(got) != content || got == nil {
			t.Errorf("%q was put, got %q", content, got)
		}
	}
	f.Drop(key)
	if f.Get(key) != nil {
		t.Error("an entry that was dropped")
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}} {
		key := Key("cl", parts...)
		if seen[key] {
			t.Errorf("%q has the key of others", parts)
		}
		seen[key] = true
	}
}

// A damaged entry is a miss: of every length, and with any byte changed.
func TestDamage(t *testing.T) {
	f := Folder(t.TempDir())
	f.Put("k", []byte("content"))
	whole, err := os.ReadFile(f.path("k"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		for _, damaged := range [][]byte{whole[:i], changed} {
			if err := os.WriteFile(f.path("k"), damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := f.Get("k"); got != nil {
				t.Fatalf("%q of %q is taken for %q", damaged, whole, got)
			}
		}
	}
}

// Processes share a folder.
func TestConcurrentPuts(t *testing.T) {
	f := Folder(t.TempDir())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 20 {
				f.Put("k", bytes.Repeat([]byte{byte(i)}, 5000))
				if got := f.Get("k"); len(got) != 5000 || got[0] != got[4999] {
					t.Errorf("read %d bytes", len(got))
				}
			}
		})
	}
	wg.Wait()
	if entries, _ := os.ReadDir(string(f)); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}

// Entries that nobody reads go; those in use stay.
func TestTrim(t *testing.T) {
	f := Folder(t.TempDir())
	old := time.Now().Add(-2 * unused)
	for _, key := range []string{"used", "unused"} {
		f.Put(key, nil)
	}
	for _, key := range []string{"used", "unused"} {
		if err := os.Chtimes(f.path(key), old, old); err != nil {
			t.Fatal(err)
		}
	}
	f.Get("used")
	f.Put("new", nil)
	if f.Get("used") == nil || f.Get("new") == nil || f.Get("unused") != nil {
		t.Error("trim kept or removed the wrong entries")
	}
}

// Without a folder, or where none can be made, nothing is kept and nothing fails.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, f := range []Folder{"", Folder(filepath.Join(file, "gpu"))} {
		f.Put("k", []byte("x"))
		f.Drop("k")
		if f.Get("k") != nil {
			t.Errorf("%q keeps entries", f)
		}
	}
}
