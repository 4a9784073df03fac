package dataset

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// place is a file server that records requests and can simulate failures.
type place struct {
	*httptest.Server
	files map[string][]byte

	mu       sync.Mutex
	requests []string       // "name" or "name bytes=3-"
	breakAt  map[string]int // name: bytes after which the connection breaks, once
	noRanges bool
}

func newPlace(t *testing.T, files map[string][]byte) *place {
	p := &place{files: files, breakAt: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *place) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/data/")
	p.mu.Lock()
	p.requests = append(p.requests, strings.TrimSpace(name+" "+r.Header.Get("Range")))
	at, breaks := p.breakAt[name]
	delete(p.breakAt, name)
	noRanges := p.noRanges
	p.mu.Unlock()
	data, ok := p.files[name]
	switch {
	case !ok:
		http.NotFound(w, r)
	case breaks:
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:at])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case noRanges:
		w.Write(data)
	default:
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	}
}

// sourceOf describes files as a source would.
func (p *place) sourceOf(name string, files ...string) *source {
	s := &source{name: name, bases: []string{p.URL + "/data/"}}
	for _, f := range files {
		sum := md5.Sum(p.files[f])
		s.files = append(s.files, remoteFile{f, hex.EncodeToString(sum[:]), int64(len(p.files[f]))})
	}
	return s
}

// archive packs files as a .tar.gz.
func archive(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, data := range files {
		h := &tar.Header{Name: name, Size: int64(len(data)), Mode: 0o777, Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return gzipped(t, b.Bytes())
}

func cifarPlace(t *testing.T) (*place, *source) {
	const dir = "cifar-10-batches-bin/"
	p := newPlace(t, map[string][]byte{"cifar-10-binary.tar.gz": archive(t, map[string][]byte{
		dir: nil, dir + "test_batch.bin": cifarBytes(1, 2), dir + "data_batch_1.bin": cifarBytes(3, 4, 5),
	})})
	return p, p.sourceOf("cifar10", "cifar-10-binary.tar.gz")
}

// lone checks that a cache folder contains exactly these names.
func lone(t *testing.T, cache string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(names, " ") {
		t.Errorf("the cache holds %q, want %q", have, names)
	}
}

func TestGet(t *testing.T) {
	p, s := cifarPlace(t)
	cache := filepath.Join(t.TempDir(), "new", "cache")
	var last, total int64
	progress := func(d, all int64) {
		if d < last || d > all {
			t.Errorf("progress goes from %d to %d of %d", last, d, all)
		}
		last, total = d, all
	}
	if err := getSource(t.Context(), s, cache, progress); err != nil {
		t.Fatal(err)
	}
	if last != total || total != s.size() {
		t.Errorf("progress ends at %d of %d, want %d", last, total, s.size())
	}
	lone(t, cache, "cifar10")
	d, err := Open(t.Context(), "cifar10", Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name != "cifar10" || d.Train.Len() != 3 || d.Test.Len() != 2 {
		t.Errorf("%q with %d and %d images", d.Name, d.Train.Len(), d.Test.Len())
	}
	if err := getSource(t.Context(), s, cache, nil); err != nil || len(p.requests) != 1 {
		t.Errorf("a good copy was downloaded again: %v, %q", err, p.requests)
	}
	all, err := List(cache)
	if err != nil || !all[1].Ready || all[1].Download != 0 || all[2].Ready || all[2].Download == 0 {
		t.Errorf("the list says %+v, %v", all, err)
	}
}

func TestGetIDX(t *testing.T) {
	dir := t.TempDir()
	writeIDX(t, dir, "-", ".gz")
	p := newPlace(t, map[string][]byte{})
	for _, f := range sourceByName("fashion-mnist").files {
		data, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		p.files[f.name] = data
	}
	s := p.sourceOf("fashion-mnist", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
	s.bases = []string{"http://127.0.0.1:1/", p.URL + "/data/"} // the first place does not answer
	cache := t.TempDir()
	if err := getSource(t.Context(), s, cache, nil); err != nil {
		t.Fatal(err)
	}
	lone(t, cache, "fashion-mnist")
	d, err := Open(t.Context(), "fashion-mnist", Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Test.Classes()[1] != "Trouser" || !exists(filepath.Join(cache, "fashion-mnist", "train-images-idx3-ubyte")) {
		t.Error("not unpacked as Fashion-MNIST")
	}
}

func TestGetResumes(t *testing.T) {
	const part = "cifar10-cifar-10-binary.tar.gz.part"
	t.Run("within a call", func(t *testing.T) {
		p, s := cifarPlace(t)
		p.breakAt[s.files[0].name] = 100
		if err := getSource(t.Context(), s, t.TempDir(), nil); err != nil {
			t.Fatal(err)
		}
		if len(p.requests) != 2 || !strings.HasSuffix(p.requests[1], "bytes=100-") {
			t.Errorf("requests %q", p.requests)
		}
	})
	for _, noRanges := range []bool{false, true} {
		t.Run(fmt.Sprintf("a later call, no ranges %v", noRanges), func(t *testing.T) {
			p, s := cifarPlace(t)
			p.noRanges = noRanges
			cache := t.TempDir()
			write(t, cache, part, p.files[s.files[0].name][:77])
			if err := getSource(t.Context(), s, cache, nil); err != nil {
				t.Fatal(err)
			}
			if len(p.requests) != 1 || !strings.HasSuffix(p.requests[0], "bytes=77-") {
				t.Errorf("requests %q", p.requests)
			}
			lone(t, cache, "cifar10")
		})
	}
	t.Run("complete", func(t *testing.T) {
		p, s := cifarPlace(t)
		cache := t.TempDir()
		write(t, cache, part, p.files[s.files[0].name])
		if err := getSource(t.Context(), s, cache, nil); err != nil || len(p.requests) != 0 {
			t.Errorf("%v, requests %q", err, p.requests)
		}
	})
	t.Run("canceled", func(t *testing.T) {
		p, s := cifarPlace(t)
		p.breakAt[s.files[0].name] = 120
		cache := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		err := getSource(ctx, s, cache, func(done, total int64) {
			if done == 120 {
				cancel()
			}
		})
		checkLine(t, err, "stopped", "resume")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not a cancellation", err)
		}
		lone(t, cache, part)
		if err := getSource(t.Context(), s, cache, nil); err != nil {
			t.Fatal(err)
		}
		if last := p.requests[len(p.requests)-1]; !strings.HasSuffix(last, "bytes=120-") {
			t.Errorf("requests %q", p.requests)
		}
	})
}

func TestGetErrors(t *testing.T) {
	t.Run("name", func(t *testing.T) {
		checkLine(t, Get(t.Context(), "imagenet\x1b", t.TempDir(), nil), "imagenet: ", "fashion-mnist")
	})
	t.Run("digest", func(t *testing.T) {
		p, s := cifarPlace(t)
		p.files[s.files[0].name][50] ^= 1
		cache := t.TempDir()
		checkLine(t, getSource(t.Context(), s, cache, nil), "cifar-10-binary.tar.gz", "MD5", "deleted")
		lone(t, cache)
	})
	t.Run("another file", func(t *testing.T) {
		p, _ := cifarPlace(t)
		cache := t.TempDir() // through the public way, whose digest the small archive cannot have
		checkLine(t, Get(t.Context(), "cifar10", cache, nil, WithBaseURL(p.URL+"/data")), "MD5")
		lone(t, cache)
	})
	t.Run("missing", func(t *testing.T) {
		p, s := cifarPlace(t)
		clear(p.files)
		checkLine(t, getSource(t.Context(), s, t.TempDir(), nil), s.files[0].name, "404")
		if len(p.requests) != 1 {
			t.Errorf("%d requests for a missing file", len(p.requests))
		}
	})
	t.Run("endless", func(t *testing.T) {
		p, s := cifarPlace(t)
		p.files[s.files[0].name] = make([]byte, 1<<20)
		cache := t.TempDir()
		checkLine(t, getSource(t.Context(), s, cache, nil), "MD5", "deleted")
		lone(t, cache)
	})
	t.Run("not in the cache", func(t *testing.T) {
		wantError(t, "mnist", "run: hfcui data get mnist")
	})
	t.Run("a cache that is a file", func(t *testing.T) {
		_, s := cifarPlace(t)
		if err := getSource(t.Context(), s, write(t, t.TempDir(), "file", nil), nil); err == nil {
			t.Error("no error")
		}
	})
}

func TestGetReplacesABrokenCopy(t *testing.T) {
	_, s := cifarPlace(t)
	cache := t.TempDir()
	write(t, cache, "cifar10/test_batch.bin", []byte("broken"))
	_, err := Open(t.Context(), "cifar10", Options{Cache: cache})
	checkLine(t, err, "test_batch.bin", "hfcui data get cifar10")
	if err := getSource(t.Context(), s, cache, nil); err != nil {
		t.Fatal(err)
	}
	lone(t, cache, "cifar10")
	d, err := Open(t.Context(), "cifar10", Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}

// A copy that could not be replaced is where it was.
func TestGetKeepsTheOldCopyOnFailure(t *testing.T) {
	cache := t.TempDir()
	write(t, cache, "cifar10/test_batch.bin", []byte("old"))
	dir := filepath.Join(cache, "cifar10")
	if err := replace(filepath.Join(cache, "missing"), dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	lone(t, cache, "cifar10")
	if b, err := os.ReadFile(filepath.Join(dir, "test_batch.bin")); err != nil || string(b) != "old" {
		t.Errorf("the old copy holds %q, error %v", b, err)
	}
}

// A copy that opens but has no training images is replaced by a whole one.
func TestGetCompletesACopyWithoutTrain(t *testing.T) {
	_, s := cifarPlace(t)
	cache := t.TempDir()
	write(t, cache, "cifar10/test_batch.bin", cifarBytes(1, 2))
	if err := getSource(t.Context(), s, cache, nil); err != nil {
		t.Fatal(err)
	}
	lone(t, cache, "cifar10")
	d, err := openDir(t.Context(), filepath.Join(cache, "cifar10"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Train == nil {
		t.Error("there are still no training images")
	}
}

func TestUnpack(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "victim")
	for name, c := range map[string]struct {
		files map[string][]byte
		says  string
	}{
		"parent":    {map[string][]byte{"../../victim": nil, "a/b/../../../victim2": nil}, ""},
		"absolute":  {map[string][]byte{outside: nil}, ""},
		"backslash": {map[string][]byte{`..\..\victim`: nil}, ""},
		"nothing":   {map[string][]byte{"x/..": nil}, "name"},
		"twice":     {map[string][]byte{"a/x.bin": nil, "b/x.bin": nil}, "x.bin"},
		"large":     {map[string][]byte{"zeros": make([]byte, unpackMaxFile+1)}, "more than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			file := write(t, top, "in.tar.gz", archive(t, c.files))
			dir := filepath.Join(top, "a", "b", "out")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			err := unpack(t.Context(), file, "in.tar.gz", dir)
			if c.says != "" {
				checkLine(t, err, c.says)
			} else if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{outside, filepath.Join(top, "victim"), filepath.Join(top, "a", "victim"), filepath.Join(top, "a", "victim2")} {
				if exists(path) {
					t.Errorf("%s was written", path)
				}
			}
		})
	}
	t.Run("link", func(t *testing.T) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		w.WriteHeader(&tar.Header{Name: "x", Linkname: outside, Typeflag: tar.TypeSymlink})
		w.Close()
		top := t.TempDir()
		if err := unpack(t.Context(), write(t, top, "in.tar.gz", gzipped(t, b.Bytes())), "in.tar.gz", t.TempDir()); err != nil {
			t.Fatal(err)
		}
		lone(t, top, "in.tar.gz")
	})
	t.Run("stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		file := write(t, t.TempDir(), "x.gz", gzipped(t, []byte("x")))
		if err := unpack(ctx, file, "x.gz", t.TempDir()); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestCacheDir(t *testing.T) {
	t.Setenv("HFCUI_CACHE", "/some/where")
	if dir, err := CacheDir(); err != nil || dir != "/some/where" {
		t.Errorf("%q, %v", dir, err)
	}
	t.Setenv("HFCUI_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if dir, err := CacheDir(); err != nil || filepath.Base(dir) != "hfcui" {
		t.Errorf("%q, %v", dir, err)
	}
}
