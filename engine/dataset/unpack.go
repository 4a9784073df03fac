package dataset

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"hfcui/engine/printable"
)

const (
	unpackMaxFile  = 64 << 20  // a batch of CIFAR-10 is 31 MB, MNIST's images are 47 MB
	unpackMaxTotal = 512 << 20 // CIFAR-10 is 185 MB
	unpackMaxFiles = 100
)

// unpack writes the files of name.tar.gz, or the one of name.gz, to dir. Only regular files are
// extracted, by base name, so that nothing is written outside dir.
func unpack(ctx context.Context, file, name, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(name, ".tar.gz") {
		_, err := unpackFile(ctx, filepath.Join(dir, strings.TrimSuffix(name, ".gz")), z)
		return err
	}
	archive, total := tar.NewReader(z), int64(0)
	for count := 0; ; count++ {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if count >= unpackMaxFiles || total > unpackMaxTotal {
			return errors.New("the archive has more files than the dataset")
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		base := path.Base(path.Clean("/" + strings.ReplaceAll(h.Name, `\`, "/")))
		if !filepath.IsLocal(base) || base == "." {
			return fmt.Errorf("the archive has a file with the invalid name %q", printable.Line(h.Name))
		}
		n, err := unpackFile(ctx, filepath.Join(dir, base), archive)
		if err != nil {
			return err
		}
		total += n
	}
}

// unpackFile writes one new file of bounded size.
func unpackFile(ctx context.Context, to string, from io.Reader) (int64, error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(contextReader{ctx, from}, unpackMaxFile+1))
	if err == nil && n > unpackMaxFile {
		err = fmt.Errorf("%s unpacks to more than %d MiB", filepath.Base(to), unpackMaxFile>>20)
	}
	if err == nil {
		err = out.Sync()
	}
	return n, errors.Join(err, out.Close())
}

// contextReader fails when its context ends.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(p)
}
