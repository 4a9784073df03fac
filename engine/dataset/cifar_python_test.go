package dataset

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/printable"
)

// pickles are files of one small batch, written by Python 2's cPickle like the official files, and
// by Python 3 with NumPy in protocols 2, 4 and 5.
var pickles = []string{"python2", "protocol2", "protocol4", "protocol5"}

func testPickle(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".pickle"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCIFARPython(t *testing.T) {
	for _, name := range pickles {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sub := filepath.Join(dir, "cifar-10-batches-py")
			write(t, sub, "test_batch", testPickle(t, name))
			write(t, sub, "data_batch_3", testPickle(t, "python2"))
			write(t, sub, "batches.meta", testPickle(t, "meta"))
			d := open(t, dir)
			if d.Layout != CIFARPython || d.Train.Len() != 2 || d.Test.Len() != 2 {
				t.Fatalf("%q with %d and %d images", d.Layout, d.Train.Len(), d.Test.Len())
			}
			for i, label := range []int{6, 9} {
				checkPattern(t, d.Test, i, i)
				if d.Test.Label(i) != label {
					t.Errorf("label %d is %d, want %d", i, d.Test.Label(i), label)
				}
			}
			if got := d.Test.Title(1); got != "camion_s_000148.png" {
				t.Errorf("title %q", got)
			}
			if got := d.Test.Classes()[6]; got != "frog" {
				t.Errorf("class 6 is %q", got)
			}
		})
	}
}

// bigBatch is a batch of n images as Python 2 pickles it, with pixels too long to be kept
// in memory.
func bigBatch(n int, label byte) []byte {
	b := []byte("\x80\x02}q\x01(U\x06labelsq\x02]q\x03(")
	for range n {
		b = append(b, 'K', label)
	}
	b = append(b, "eU\x04dataq\x04cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85q\x07U\x01b\x87Rq\x08(K\x01J"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = append(b, "M\x00\x0c\x86cnumpy\ndtype\nq\x09U\x02u1K\x00K\x01\x87Rq\x0a(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n*cifarPixels))
	for i := range n {
		for p := range cifarPixels {
			b = append(b, byte(7*p+31*i))
		}
	}
	return append(b, "tbu."...)
}

func TestCIFARPythonInPlace(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "test_batch", bigBatch(100, 4))
	d := open(t, dir)
	if _, inFile := d.Test.(*records).chunks[0].from.(*os.File); !inFile {
		t.Error("the pixels were read into memory")
	}
	checkPattern(t, d.Test, 99, 99)
	if got := d.Test.Title(99); got != "test 99" {
		t.Errorf("title %q", got)
	}
}

func TestCIFARPythonErrors(t *testing.T) {
	good := testPickle(t, "python2")
	replace := func(old, new string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("%q is not in the file", old)
		}
		return bytes.ReplaceAll(good, []byte(old), []byte(new))
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"empty":         {nil, "unexpected end"},
		"truncated":     {good[:len(good)-100], "unexpected end"},
		"huge string":   {[]byte("\x80\x02T\xff\xff\xff\x7f."), "unexpected end"},
		"huge string 8": {[]byte("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff."), "unexpected end"},
		"call":          {[]byte("\x80\x02cposix\nsystem\nU\x02ls\x85R."), `"posix.system"`},
		"call 4":        {[]byte("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R."), `"os.system"`},
		"no dict":       {[]byte("\x80\x02K\x05."), "not a dict"},
		"protocol 0":    {[]byte("(dp0\nS'data'\n."), "not a pickle"},
		"text":          {[]byte("<html>404</html>"), "not a pickle"},
		"label":         {bigBatch(3, 11), "label 11"},
		"no labels":     {replace("labels", "lapels"), "no list"},
		"CIFAR-100":     {bytes.ReplaceAll(good, []byte("U\x06labels"), []byte("U\x0bfine_labels")), "CIFAR-100"},
		"type":          {replace("U\x02u1", "U\x02f4"), `"f4"`},
		"shape":         {replace("K\x02M\x00\x0c\x86", "K\x03M\x00\x0c\x86"), "not an array of 2 rows"},
		"fortran":       {replace("tq\x0cb\x89T", "tq\x0cb\x88T"), "Fortran"},
		"memo":          {[]byte("\x80\x02}r\xff\xff\xff\x7f."), "not a pickle"},
		"underflow":     {[]byte("\x80\x02Rbatesu\x85."), "not a pickle"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "test_batch", c.data)
			wantError(t, dir, "test_batch", c.says, "hfcui data get cifar10")
		})
	}
	t.Run("meta", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, "test_batch", good)
		write(t, dir, "batches.meta", good)
		wantError(t, dir, "batches.meta", "class names")
	})
}

// Hostile pickles must not be slow or large.
func TestPickleBounds(t *testing.T) {
	for name, data := range map[string]string{
		"values":   "\x80\x02" + strings.Repeat("N", 3<<19),
		"dicts":    "\x80\x02" + strings.Repeat("}", 3<<19),
		"memo":     "\x80\x02N" + strings.Repeat("\x94", 3<<19),
		"encoding": "\x80\x02c_codecs\nencode\nq\x00X\x00\x00\x10\x00" + strings.Repeat("a", 1<<20) + "q\x01U\x06latin1q\x02" + strings.Repeat("h\x00h\x01h\x02\x86R", 100_000) + ".",
		"append":   "\x80\x02]" + strings.Repeat("Na", 3<<19) + ".",
	} {
		if _, err := unpickle(strings.NewReader(data), int64(len(data))); err == nil {
			t.Errorf("accepted %s", name)
		}
	}
}

func FuzzCIFARPython(f *testing.F) {
	for _, name := range append(pickles, "meta") {
		f.Add(testPickle(f, name))
	}
	f.Add(bigBatch(1, 3))
	f.Add(bigBatch(2, 3))
	f.Add([]byte("\x80\x02]q\x00h\x00a."))
	f.Add([]byte("\x80\x02}U\x06labels]K\x01asU\x04datacnumpy\ndtype\nU\x02u1\x85Rs."))
	f.Add([]byte("\x80\x04c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfU\x06latin1\x86R."))
	f.Add([]byte("\x80\x05cnumpy.core.numeric\n_frombuffer\n(B\x00\x00\x00\x00cnumpy\ndtype\nU\x02u1\x85RK\x00\x85U\x01CtR."))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := cifar10.pickledBatch(bytes.NewReader(data), int64(len(data)), "file")
		if err != nil {
			checkLine(t, err, "file")
			return
		}
		readAll(t, b)
	})
}

func TestPrintablePythonTitles(t *testing.T) {
	data := slices.Clone(testPickle(t, "python2"))
	copy(data[bytes.Index(data, []byte("camion")):], "\x1b[31m\x07")
	dir := t.TempDir()
	write(t, dir, "test_batch", data)
	if got := open(t, dir).Test.Title(1); got != "[31ms_000148.png" && got != printable.Line(got) {
		t.Errorf("title %q", got)
	}
}
