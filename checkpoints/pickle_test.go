package checkpoints

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"hfcui/checkpoints/memtest"
)

// zipEntry is a file in a zip archive.
type zipEntry struct{ name, content string }

func zipOf(method uint16, entries ...zipEntry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: method})
		if err == nil {
			_, err = io.WriteString(f, e.content)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// torchZipOf packs a pickle and its single storage like torch.save.
func torchZipOf(pickle, storage string) []byte {
	return zipOf(zip.Store, zipEntry{"archive/data.pkl", pickle}, zipEntry{"archive/data/0", storage})
}

func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func ints(n ...int) string {
	s := "("
	for _, v := range n {
		s += fmt.Sprintf("I%d\n", v)
	}
	return s + "t"
}

// tensor returns the pickle of a tensor of class over storage "0".
func tensor(class string, storage, offset int, size, stride string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + class + "\n" + text("0") + text("cpu") +
		fmt.Sprintf("I%d\ntQI%d\n", storage, offset) + size + stride + "\x89NtR"
}

func dictOf(items string) string { return "\x80\x02}(" + items + "u." }

var floats4 = strings.Repeat("\x00\x00\x80\x3f", 4)

func TestHandMadePickle(t *testing.T) {
	zipped := torchZipOf(dictOf(text("w")+tensor("FloatStorage", 4, 0, ints(2, 2), ints(1, 2))), floats4)
	f, err := ReadPyTorch(bytes.NewReader(zipped), int64(len(zipped)), "made.pt")
	if err != nil || len(f.Tensors) != 1 {
		t.Fatal(f, err) // else the hostile pickles below would fail for another reason
	}
}

// hostilePickles maps the content of data.pkl to its error.
func hostilePickles() map[string]string {
	max64 := "\xff\xff\xff\xff\xff\xff\xff\x7f"
	return map[string]string{
		"cos\nsystem\n(S'echo'\ntR.":                 "only an object of os.system;",
		"(S'echo'\nios\nsystem\n.":                   "only an object of os.system;",
		"\x80\x04\x8c\x02os\x8c\x06system\x93)R.":    "only an object of os.system;",
		"c__builtin__\neval\n)\x81.":                 "only an object of __builtin__.eval;",
		"c__builtin__\nobject\n.":                    "contains no state dict",
		"ccopy_reg\n_reconstructor\n(cos\nA\nNNtR.":  "only an object of copy_reg._reconstructor;",
		"c\x1b[2J\nx\n)R.":                           `only an object of "\x1b[2J.x";`,
		"c" + strings.Repeat("a", 1000) + "\nx\n)R.": "only an object of aaaaa",
		"c" + strings.Repeat("a", 5000) + "\nx\n.":   "line of more than",
		"":                                     "truncated",
		".":                                    "malformed",
		"\xff":                                 "operation 0xff",
		"\x82\x01.":                            "operation 0x82",
		"\x80\x06.":                            "protocol 6",
		"\x8a\x00.":                            "contains no state dict",
		"\x8b\xff\xff\xff\x7f.":                "number of 2147483647 bytes",
		"T\xff\xff\xff\x7f":                    "needs 2147483647 bytes",
		"X\xff\xff\xff\xff":                    "needs 4294967295 bytes",
		"\x8d" + max64:                         "needs 9223372036854775807 bytes",
		"\x8e\xff\xff\xff\xff\xff\xff\xff\xff": "needs 18446744073709551615 bytes",
		"\x96" + max64:                         "needs 9223372036854775807 bytes",
		"\x95" + max64:                         "truncated",
		"\x95" + max64 + "N.":                  "contains no state dict",
		"t.":                                   "unbalanced mark", "0.": "malformed", "R.": "malformed", "Q.": "malformed", "b.": "malformed", "h\x07.": "malformed", "Pid\n.": "unknown format",
		"}NNNu.":                                 "unbalanced mark",
		"}(NNNu.":                                "malformed",
		"(Nd.":                                   "malformed",
		"ccollections\nOrderedDict\n)RC\x01aNs.": "no named tensors",
		"]q\x00h\x00aN\x86R.":                    "malformed", // a list that contains itself, in an error text
		"}q\x00" + text("model") + "h\x00s.":     "no named tensors",
		strings.Repeat("(", maxMarks+1):          "more than 10000 levels",
		strings.Repeat("N", maxValues/perOp+1):   "too many values",
		"c_codecs\nencode\nq\x00(" + text(strings.Repeat("a", 100)) + "q\x01" + text("latin1") + "tq\x02R" + strings.Repeat("h\x00h\x02R", 1000) + ".": "repeatedly",
		"L" + strings.Repeat("9", 600) + "L\n.": "line of more than",
		"I5":                                    "truncated",
	}
}

// hostileTensors is hostilePickles for the value of w in a dict.
func hostileTensors() map[string]string {
	w := func(value string) string { return dictOf(text("w") + value) }
	return map[string]string{
		w("K\x01"):              "no named tensors, only w",
		w("ctorch\nSize\n(NtR"): "torch.Size",
		w("ctorch._utils\n_rebuild_parameter\n(NNNtR"):                                                                                  "not a tensor",
		w("ctorch._utils\n_rebuild_tensor_v2\n)R"):                                                                                      "0 values",
		w("(" + text("module") + "NNNNtQ"):                                                                                              "unknown format",
		w(tensor("FloatStorage", -1, 0, ints(1), ints(1))):                                                                              "unknown format",
		w(tensor("FloatStorage", 4, -1, ints(1), ints(1))):                                                                              "unknown format",
		w(tensor("FloatStorage", 4, 0, ints(5), ints(1))):                                                                               "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 4, ints(1), ints(1))):                                                                               "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 5, ints(0), ints(1))):                                                                               "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 1, ints(2, 2), ints(2, 1))):                                                                         "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 1<<62, ints(1<<62), ints(1<<62))):                                                                   "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 0, ints(2, 2), ints(1<<62, 1<<62))):                                                                 "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 0, ints(1<<31, 1<<31, 1<<31), ints(0, 0, 0))):                                                       "beyond the 4 elements",
		w(tensor("FloatStorage", 4, 0, ints(-1), ints(1))):                                                                              "non-negative",
		w(tensor("FloatStorage", 4, 0, ints(2), ints(-1))):                                                                              "non-negative",
		w(tensor("FloatStorage", 4, 0, ints(2), ints(1, 1))):                                                                            "1 dimensions and 2 strides",
		w(tensor("FloatStorage", 4, 0, ints(make([]int, 65)...), ints(make([]int, 65)...))):                                             "65 dimensions",
		w(tensor("FloatStorage", 4, 0, ints(1<<40), ints(0))):                                                                           "expand shared elements",
		w(tensor("FloatStorage", 1<<60, 0, ints(1), ints(1))):                                                                           "larger than the file",
		w(tensor("FloatStorage", 3, 0, ints(1), ints(1))):                                                                               "16 bytes, expected 12",
		w(tensor("DoubleStorage", 4, 0, ints(1), ints(1))):                                                                              "16 bytes, expected 32",
		w(strings.Replace(tensor("FloatStorage", 4, 0, ints(1), ints(1)), text("0"), text("../0"), 1)):                                  "no entry",
		dictOf(text("a") + tensor("FloatStorage", 4, 0, ints(1), ints(1)) + text("b") + tensor("CharStorage", 16, 0, ints(1), ints(1))): "contradictory",
		dictOf(text("\xff") + tensor("FloatStorage", 4, 0, ints(1), ints(1))):                                                           "not UTF-8",
	}
}

func TestHostilePickles(t *testing.T) {
	all := hostilePickles()
	maps.Copy(all, hostileTensors())
	for pickle, want := range all {
		zipped := torchZipOf(pickle, floats4)
		_, err := ReadPyTorch(bytes.NewReader(zipped), int64(len(zipped)), "bad.pt")
		if len(pickle) > 100 {
			pickle = pickle[:100] + "…"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", pickle, err, want)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, "bad.pt: ") || !strings.Contains(text, "; ") || len(text) > 400 || strings.ContainsAny(text, "\n\x1b") {
			t.Errorf("%q: error %q is not one short line with the file and what to do", pickle, text)
		}
	}
}

// TestHostileCost reads pickles that exhaust the limits: they take at most 64 MiB beyond the file's
// size, and seconds.
func TestHostileCost(t *testing.T) {
	const many = 1 << 20
	long := text(strings.Repeat("k", 1<<17))
	put, get := "q\x01", "h\x01"
	for name, pickle := range map[string]string{
		"nothing":      strings.Repeat("N", many),
		"numbers":      strings.Repeat("G12345678", many),
		"dicts":        strings.Repeat("}", many) + ".",
		"lists":        strings.Repeat("]", many) + ".",
		"tuples":       strings.Repeat("(t", many) + ".",
		"long tuples":  "(" + strings.Repeat("N", 1000) + "t" + strings.Repeat("0("+strings.Repeat("2", 1000)+"t", 1000) + ".",
		"memo":         "N" + strings.Repeat("\x94", many) + ".",
		"far memo":     "N" + strings.Repeat("r\xff\xff\xff\x7f", many) + ".",
		"ordered":      "ccollections\nOrderedDict\n" + put + strings.Repeat(get+")R", many) + ".",
		"objects":      "ca\nb\n" + put + strings.Repeat(get+")R", many) + ".",
		"classes":      strings.Repeat("c"+strings.Repeat("a", 4000)+"\nb\n", many/1000) + ".",
		"long keys":    long + put + "}(" + strings.Repeat(get+get, many/2) + "u.",
		"copies":       "}(" + strings.Repeat("NN", 20_000) + "u" + put + "ccollections\nOrderedDict\nq\x02" + strings.Repeat("h\x02"+get+"\x85R", many/8) + ".",
		"builds":       "ca\nb\n)R}(" + strings.Repeat(text("a")+"N", many/8) + "u" + put + strings.Repeat(get+"b", many/8) + ".",
		"deep":         strings.Repeat("]", 1000) + strings.Repeat("a", 999) + ".",
		"shared":       "]" + strings.Repeat("q\x01](h\x01h\x01e", 100) + ".",
		"shared tuple": "N" + strings.Repeat("q\x01h\x01h\x01\x86", 100) + ".",
		"long numbers": strings.Repeat("L"+strings.Repeat("9", maxNumber-1)+"\n", many/8) + ".",
		"big numbers":  strings.Repeat("\x8a"+string(rune(maxNumber))+strings.Repeat("\xf7", maxNumber), many/8) + ".",
	} {
		zipped := torchZipOf(pickle, "")
		start := time.Now()
		peak := memtest.Peak(func() { ReadPyTorch(bytes.NewReader(zipped), int64(len(zipped)), name) })
		took := time.Since(start)
		extra := peak - int64(len(zipped))
		t.Logf("%-12s %4d MiB beyond the file, %v", name, extra>>20, took.Round(time.Millisecond))
		if extra > memtest.Bound || took > 20*time.Second {
			t.Errorf("%s: %d MiB beyond the file in %v", name, extra>>20, took)
		}
	}
}

func TestHostileZips(t *testing.T) {
	good := dictOf(text("w") + tensor("FloatStorage", 4, 0, ints(4), ints(1)))
	model := zipEntry{"a/data.pkl", good}
	plain := torchZipOf(good, floats4)
	// A directory entry has its sizes 26 bytes before the name, and its flags 38 bytes.
	at := bytes.LastIndex(plain, []byte("archive/data/0"))
	huge, locked := bytes.Clone(plain), bytes.Clone(plain)
	copy(huge[at-26:], "\xfe\xff\xff\xff\xfe\xff\xff\xff")
	locked[at-38] |= 1
	// Two storages that together are longer than the archive, like overlapping entries.
	over := text("a") + tensor("FloatStorage", 1<<16, 0, ints(1), ints(1)) +
		text("b") + strings.Replace(tensor("FloatStorage", 1<<16, 0, ints(1), ints(1)), text("0"), text("1"), 1)
	overlapping := zipOf(zip.Store, zipEntry{"a/data.pkl", dictOf(over)}, zipEntry{"a/data/0", strings.Repeat("\x00", 1<<18)}, zipEntry{"a/data/1", ""})
	var many []zipEntry
	for i := range 300 { // long names, since the limit is in bytes
		many = append(many, zipEntry{name: fmt.Sprint(strings.Repeat("a", 60_000), i)})
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"compressed":    {zipOf(zip.Deflate, zipEntry{"a/data.pkl", strings.Repeat("N", 1<<20)}), "compressed or encrypted"},
		"encrypted":     {locked, "compressed or encrypted"},
		"not torch":     {zipOf(zip.Store, zipEntry{"word/document.xml", ""}), "not by torch.save"},
		"two models":    {zipOf(zip.Store, model, zipEntry{"b/data.pkl", good}), "several models"},
		"equal names":   {zipOf(zip.Store, model, zipEntry{"a/x", ""}, zipEntry{"a/x", ""}), "two entries"},
		"large entry":   {huge, "truncated"},
		"overlapping":   {overlapping, "larger than the file"},
		"big-endian":    {zipOf(zip.Store, model, zipEntry{"a/byteorder", "big"}), "big-endian"},
		"no storage":    {zipOf(zip.Store, model), "no entry"},
		"many entries":  {zipOf(zip.Store, many...), "directory is too large"},
		"empty archive": {append([]byte("PK\x03\x04"), zipOf(zip.Store)...), "not by torch.save"},
		"no directory":  {append([]byte("PK\x03\x04"), make([]byte, 100)...), "corrupt zip archive"},
	} {
		_, err := ReadPyTorch(bytes.NewReader(test.data), int64(len(test.data)), "bad.pt")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
	little := zipOf(zip.Store, model, zipEntry{"a/byteorder", "little"}, zipEntry{"a/data/0", floats4})
	if _, err := ReadPyTorch(bytes.NewReader(little), int64(len(little)), "good.pt"); err != nil {
		t.Error(err)
	}
}
