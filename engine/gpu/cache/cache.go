// Package cache keeps what is derived from kernels and a device, such as compiled programs and
// the tile sizes that were fastest, in the user's cache folder. Everything in it can be made
// again, so nothing here fails: what is missing, damaged or unreadable is a miss.
package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"hfcui/engine/dataset"
)

// Folder is a folder of entries. "" has none.
type Folder string

// User returns the folder "gpu" below that of the datasets; "" without a home.
func User() Folder {
	dir, err := dataset.CacheDir()
	if err != nil {
		return ""
	}
	return Folder(filepath.Join(dir, "gpu"))
}

// Key hashes all that an entry depends on.
func Key(kind string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		h.Write(sum[:])
	}
	return kind + "-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// magic begins every entry; the SHA-256 of the content follows, then the content.
const magic = "hfcui-gpu-1\n"

// Get returns an entry; nil if there is none, or none that is whole.
func (f Folder) Get(key string) []byte {
	if f == "" {
		return nil
	}
	data, err := os.ReadFile(f.path(key))
	if err != nil {
		return nil
	}
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok || len(rest) < sha256.Size {
		return nil
	}
	sum := sha256.Sum256(rest[sha256.Size:])
	if !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil
	}
	// Entries that are in use stay young: see trim.
	now := time.Now()
	_ = os.Chtimes(f.path(key), now, now)
	return rest[sha256.Size:]
}

// Put writes an entry, so that readers see the old one or the new one and nothing between.
func (f Folder) Put(key string, content []byte) {
	if f == "" || os.MkdirAll(string(f), 0o755) != nil {
		return
	}
	temp, err := os.CreateTemp(string(f), ".new-*")
	if err != nil {
		return
	}
	defer os.Remove(temp.Name()) // no-op after the rename
	sum := sha256.Sum256(content)
	_, err = temp.Write(bytes.Join([][]byte{[]byte(magic), sum[:], content}, nil))
	if err1 := temp.Close(); err != nil || err1 != nil {
		return
	}
	if os.Rename(temp.Name(), f.path(key)) == nil {
		f.trim(time.Now().Add(-unused))
	}
}

// Drop removes an entry.
func (f Folder) Drop(key string) {
	if f != "" {
		_ = os.Remove(f.path(key))
	}
}

func (f Folder) path(key string) string { return filepath.Join(string(f), key) }

// unused is how long an entry is kept that nobody reads: drivers are updated, and kernels change.
const unused = 60 * 24 * time.Hour

// trim removes what has not been read since a time, also temporary files of processes that ended.
func (f Folder) trim(since time.Time) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().Before(since) {
			_ = os.Remove(f.path(e.Name()))
		}
	}
}
