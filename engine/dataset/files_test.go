package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a file into a folder, which it makes.
func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a dataset that is closed when the test ends.
func open(t testing.TB, path string) *Data {
	t.Helper()
	d, err := Open(t.Context(), path, Options{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// wantError checks that opening path fails with a one-line error that contains all of says.
func wantError(t testing.TB, path string, says ...string) {
	t.Helper()
	d, err := Open(t.Context(), path, Options{Cache: t.TempDir()})
	if err == nil {
		d.Close()
		t.Fatalf("accepted %s", path)
	}
	checkLine(t, err, says...)
}

func checkLine(t testing.TB, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.ContainsAny(err.Error(), "\n\r\x1b") {
		t.Errorf("error is not one clean line: %q", err)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not contain %q", err, s)
		}
	}
}

// cifarBytes are n records whose pixel p of record i is (7p+31i) mod 256.
func cifarBytes(labels ...byte) []byte {
	var out []byte
	for i, label := range labels {
		out = append(out, label)
		for p := range cifarPixels {
			out = append(out, byte(7*p+31*i))
		}
	}
	return out
}

// idxBytes are IDX files of n images of h×w pixels, and their labels.
func idxBytes(h, w int, labels ...byte) (images, names []byte) {
	images = []byte{0, 0, 8, 3}
	for _, v := range []int{len(labels), h, w} {
		images = binary.BigEndian.AppendUint32(images, uint32(v))
	}
	for i := range len(labels) * h * w {
		images = append(images, byte(3*i))
	}
	names = binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, uint32(len(labels)))
	return images, append(names, labels...)
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// image reads one image or fails.
func image1(t testing.TB, s Set, i int) *Image {
	t.Helper()
	im, err := s.Image(i)
	if err != nil {
		t.Fatal(err)
	}
	if len(im.Pix) != im.C*im.H*im.W {
		t.Fatalf("%d pixels in an image of %d×%d×%d", len(im.Pix), im.C, im.H, im.W)
	}
	for _, v := range im.Pix {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("pixel %v is outside [0,1]", v)
		}
	}
	return im
}

// TestMessagesSayWhatToDo: errors state the file, the reason and the next step, without names of
// system calls.
func TestMessagesSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "data_batch_1.bin", make([]byte, int(cifar10.record())))
	for path, says := range map[string]string{
		filepath.Join(dir, "nope.png"): "check the name",
		dir:                            "use a file in it",
	} {
		_, err := ReadImage(path)
		checkLine(t, err, path, says)
		if strings.Contains(err.Error(), "stat ") {
			t.Error(err)
		}
	}
	_, err := Open(t.Context(), dir, Options{})
	checkLine(t, err, "test_batch.bin: not found", "hfcui data get cifar10")
	write(t, dir, "test_batch.bin", nil)
	_, err = Open(t.Context(), dir, Options{})
	checkLine(t, err, "test_batch.bin: empty file: download it again")
	if err := unreadable(&fs.PathError{Op: "open", Path: "pairs/left", Err: fs.ErrPermission}); err.Error() != "pairs/left: permission denied: check its permissions" {
		t.Error(err)
	}
}
