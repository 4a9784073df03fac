package dataset

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	downloadTries = 4                // per URL
	stallTimeout  = 45 * time.Second // without data
)

// newClient returns a client that times out waiting for a response, but not during a transfer.
func newClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 20 * time.Second}).DialContext
	t.ResponseHeaderTimeout = 30 * time.Second
	t.DisableCompression = true // the digest is of the raw bytes
	return &http.Client{Transport: t}
}

// errStatus is an HTTP error status, which is not retried.
type errStatus struct{ url, status string }

func (e errStatus) Error() string { return fmt.Sprintf("%s: server response: %s", e.url, e.status) }

// download completes part, or keeps what it received for the next call.
func (g *getter) download(ctx context.Context, f remoteFile, part string) error {
	var first error
	for _, base := range g.bases {
		err := g.tryPlace(ctx, base+f.name, f, part)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: stopped (%w): run the same command to resume", f.name, ctx.Err())
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// tryPlace downloads from one URL and resumes broken connections.
func (g *getter) tryPlace(ctx context.Context, url string, f remoteFile, part string) error {
	var err error
	for try := range downloadTries {
		if try > 0 {
			select {
			case <-time.After(time.Duration(try) * 300 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err = g.fetch(ctx, url, f, part); err == nil {
			return checkDigest(part, f)
		}
		if full := (*fs.PathError)(nil); errors.As(err, &full) {
			return cacheError(g.dir, err) // not the network's fault
		}
		if refused := (errStatus{}); errors.As(err, &refused) || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w: check the network and run the same command to resume", url, err)
}

// fetch appends the missing bytes to part.
func (g *getter) fetch(ctx context.Context, url string, f remoteFile, part string) error {
	out, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if have >= f.size { // complete or too long: the digest check decides
		g.progress(g.done+f.size, g.total)
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	got, err := g.request(ctx, url, have, f.size)
	if err != nil || got.body == nil {
		return err
	}
	defer got.body.Close()
	if got.from != have {
		if err := out.Truncate(got.from); err != nil {
			return err
		}
		if _, err := out.Seek(got.from, io.SeekStart); err != nil {
			return err
		}
	}
	stall := time.AfterFunc(stallTimeout, func() { cancel(fmt.Errorf("no data for %v", stallTimeout)) })
	defer stall.Stop()
	if err := g.copy(out, got, 2*f.size, stall); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return out.Sync()
}

// answer is a server's response: the file's bytes [from, to). Without a body there are no more.
type answer struct {
	body     io.ReadCloser
	from, to int64
}

// request requests the file, of size bytes unless the server says otherwise, from byte have.
// Servers without range support send all of it.
func (g *getter) request(ctx context.Context, url string, have, size int64) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	a := answer{body: resp.Body, to: size}
	switch {
	case resp.StatusCode == http.StatusOK:
	case resp.StatusCode == http.StatusPartialContent && strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)):
		a.from = have
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && have > 0: // complete: the digest check decides
		return answer{}, resp.Body.Close()
	default:
		resp.Body.Close()
		return answer{}, errStatus{url, resp.Status}
	}
	if resp.ContentLength >= 0 {
		a.to = a.from + resp.ContentLength
	}
	return a, nil
}

// copy writes a response, at most limit bytes.
func (g *getter) copy(out io.Writer, a answer, limit int64, stall *time.Timer) error {
	buf := make([]byte, 128<<10)
	for at := a.from; ; {
		g.progress(g.done+at, g.total)
		n, err := a.body.Read(buf)
		stall.Reset(stallTimeout)
		if _, werr := out.Write(buf[:n]); werr != nil {
			return werr
		}
		at += int64(n)
		switch {
		case at > limit:
			return fmt.Errorf("response exceeds %d bytes: not the expected file", limit)
		case err == io.EOF && at < a.to:
			return fmt.Errorf("connection closed after %d of %d bytes", at, a.to)
		case err == io.EOF:
			g.progress(g.done+at, g.total)
			return nil
		case err != nil:
			return err
		}
	}
}

// checkDigest deletes a file with another digest than expected.
func checkDigest(part string, f remoteFile) error {
	in, err := os.Open(part)
	if err != nil {
		return err
	}
	h := md5.New()
	_, err = io.Copy(h, in)
	in.Close()
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.md5 {
		os.Remove(part)
		return fmt.Errorf("%s: MD5 digest is %s, expected %s: corrupt or changed by its publisher, and deleted: run the same command again", f.name, got, f.md5)
	}
	return nil
}
