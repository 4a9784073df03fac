package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"hfcui/engine/printable"
)

// GetOption changes where and how Get downloads.
type GetOption func(*getter)

// WithBaseURL makes Get take the files from another place; its last part is the files' name.
func WithBaseURL(url string) GetOption {
	return func(g *getter) { g.bases = []string{strings.TrimSuffix(url, "/") + "/"} }
}

// Get downloads a dataset by name into the cache folder ("": CacheDir()) and unpacks it
// there, in a folder of its name that appears only when it is complete. A copy that is
// already there and opens is left as it is and nothing is downloaded. A download that was
// broken off lies beside it as a .part file and is taken up again. progress (nil: nobody
// wants to know) is called from one goroutine with bytes done and bytes in all.
func Get(ctx context.Context, name, cacheDir string, progress func(done, total int64), options ...GetOption) error {
	s := sourceByName(name)
	if s == nil {
		return fmt.Errorf("%s: not a dataset that can be downloaded: those are %s", printable.Line(name), strings.Join(Names()[1:], ", "))
	}
	return getSource(ctx, s, cacheDir, progress, options...)
}

// getter is one call of Get.
type getter struct {
	client   *http.Client
	bases    []string
	dir      string // the cache folder
	progress func(done, total int64)
	done     int64 // of the files before the present one
	total    int64
}

func getSource(ctx context.Context, s *source, cacheDir string, progress func(done, total int64), options ...GetOption) error {
	dir, err := cachedDir(s.name, cacheDir)
	if err != nil {
		return err
	}
	if d, err := openDir(dir); err == nil {
		if err := d.Close(); d.Train != nil {
			return err
		}
	}
	if progress == nil {
		progress = func(done, total int64) {}
	}
	g := &getter{client: newClient(), bases: s.bases, dir: filepath.Dir(dir), progress: progress, total: s.size()}
	for _, o := range options {
		o(g)
	}
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return cacheError(g.dir, err)
	}
	var parts []string
	for _, f := range s.files {
		part := filepath.Join(g.dir, s.name+"-"+f.name+".part")
		if err := g.download(ctx, f, part); err != nil {
			return err
		}
		g.done += f.size
		parts = append(parts, part)
	}
	if err := install(ctx, s, parts, dir); err != nil {
		return err
	}
	for _, part := range parts {
		os.Remove(part)
	}
	return nil
}

// cacheError is about a file below the cache folder that cannot be made or written.
func cacheError(dir string, err error) error {
	return fileError(dir, err, "free some space there, or name another cache folder in HFCUI_CACHE")
}

// install unpacks complete downloads into a new folder beside dir, tries whether it opens
// and only then puts it in dir's place.
func install(ctx context.Context, s *source, parts []string, dir string) error {
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "."+s.name+"-*")
	if err != nil {
		return cacheError(filepath.Dir(dir), err)
	}
	defer os.RemoveAll(fresh)
	for i, f := range s.files {
		err := unpack(ctx, parts[i], f.name, fresh)
		if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
			return cacheError(filepath.Dir(dir), err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", parts[i], err)
		}
	}
	d, err := openDir(fresh)
	if err != nil {
		return fmt.Errorf("what was downloaded does not open: %w", err)
	}
	if err := d.Close(); err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	return replace(fresh, dir)
}

// replace puts the folder fresh in dir's place. What is at dir already did not open, but is
// the caller's all the same: it goes only once the new one is in place.
func replace(fresh, dir string) error {
	if !exists(dir) {
		return os.Rename(fresh, dir)
	}
	old := fresh + "-old"
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}
