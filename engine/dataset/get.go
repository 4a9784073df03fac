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

// GetOption configures Get.
type GetOption func(*getter)

// WithBaseURL makes Get download from another base URL.
func WithBaseURL(url string) GetOption {
	return func(g *getter) { g.bases = []string{strings.TrimSuffix(url, "/") + "/"} }
}

// Get downloads a dataset to the cache folder ("": CacheDir()) and unpacks it atomically to a
// folder of its name. If a valid copy exists, nothing is downloaded. Interrupted downloads are kept
// as .part files and resumed. progress, which may be nil, is called from one goroutine with the
// bytes done and in total.
func Get(ctx context.Context, name, cacheDir string, progress func(done, total int64), options ...GetOption) error {
	s := sourceByName(name)
	if s == nil {
		return fmt.Errorf("%s: unknown dataset: use %s", printable.Line(name), strings.Join(Names()[1:], ", "))
	}
	return getSource(ctx, s, cacheDir, progress, options...)
}

// getter is one call of Get.
type getter struct {
	client   *http.Client
	bases    []string
	dir      string // the cache folder
	progress func(done, total int64)
	done     int64 // bytes of completed files
	total    int64
}

func getSource(ctx context.Context, s *source, cacheDir string, progress func(done, total int64), options ...GetOption) error {
	dir, err := cachedDir(s.name, cacheDir)
	if err != nil {
		return err
	}
	if d, err := openDir(ctx, dir, Options{}); err == nil {
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

// cacheError reports a file in the cache folder that cannot be created or written.
func cacheError(dir string, err error) error {
	return fileError(dir, err, "free disk space, or set HFCUI_CACHE to another folder")
}

// install unpacks complete downloads to a new folder next to dir, checks that it opens, and only
// then renames it to dir.
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
	d, err := openDir(ctx, fresh, Options{})
	if err != nil {
		return fmt.Errorf("the downloaded dataset cannot be opened: %w", err)
	}
	if err := d.Close(); err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	return replace(fresh, dir)
}

// replace renames the folder fresh to dir. An existing, invalid dir is deleted only after that.
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
