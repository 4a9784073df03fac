package checkpoints

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"
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

// torchZipOf packs a pickle and its only storage as torch.save does.
func torchZipOf(pickle, storage string) []byte {
	return zipOf(zip.Store, zipEntry{"archive/data.pkl", pickle}, zipEntry{"archive/data/0", storage})
}

func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func tuple(n ...int) string {
	s := "("
	for _, v := range n {
		s += fmt.Sprintf("I%d\n", v)
	}
	return s + "t"
}

// tensor is the pickle of a tensor of class over storage "0".
func tensor(class string, storage, offset int, size, stride string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + class + "\n" + text("0") + text("cpu") +
		fmt.Sprintf("I%d\ntQI%d\n", storage, offset) + size + stride + "\x89NtR"
}

func dict(items string) string { return "\x80\x02}(" + items + "u." }

var floats4 = strings.Repeat("\x00\x00\x80\x3f", 4)

func TestHandMadePickle(t *testing.T) {
	zipped := torchZipOf(dict(text("w")+tensor("FloatStorage", 4, 0, tuple(2, 2), tuple(1, 2))), floats4)
	f, err := ReadPyTorch(bytes.NewReader(zipped), int64(len(zipped)), "made.pt")
	if err != nil || len(f.Tensors) != 1 {
		t.Fatal(f, err) // or the hostile ones below are refused for another reason than meant
	}
}

// hostilePickles maps data.pkl to what its error must say.
func hostilePickles() map[string]string {
	max64 := "\xff\xff\xff\xff\xff\xff\xff\x7f"
	return map[string]string{
		"cos\nsystem\n(S'echo'\ntR.":               "asks for os.system, which a state dict does not need",
		"(S'echo'\nios\nsystem\n.":                 "asks for os.system,",
		"\x80\x04\x8c\x02os\x8c\x06system\x93.":    "asks for os.system,",
		"c__builtin__\neval\n.":                    "asks for __builtin__.eval,",
		"c__builtin__\nobject\n.":                  "asks for __builtin__.object,",
		"ccopy_reg\n_reconstructor\n.":             "asks for copy_reg._reconstructor,",
		"c\x1b[2J\nx\n.":                           `asks for "\x1b[2J.x",`,
		"c" + strings.Repeat("a", 1000) + "\nx\n.": "asks for aaaaa",
		"":                                     "cut short",
		".":                                    "malformed",
		"\xff":                                 "operation 0xff",
		"\x82\x01.":                            "operation 0x82",
		"\x80\x06.":                            "protocol 6",
		"\x8a\x00.":                            "number without digits",
		"\x8b\xff\xff\xff\x7f.":                "operation 0x8b",
		"T\xff\xff\xff\x7f":                    "wants 2147483647 bytes",
		"X\xff\xff\xff\xff":                    "wants 4294967295 bytes",
		"\x8d" + max64:                         "wants 9223372036854775807 bytes",
		"\x8e\xff\xff\xff\xff\xff\xff\xff\xff": "wants 18446744073709551615 bytes",
		"\x96" + max64:                         "operation 0x96",
		"\x95" + max64:                         "cut short",
		"\x95" + max64 + "N.":                  "holds no state dict",
		"t.":                                   "never began", "0.": "malformed", "R.": "malformed", "Q.": "malformed", "b.": "malformed", "h\x07.": "holds no state dict", "Pid\n.": "operation 0x50",
		"}NNNu.":                                 "never began",
		"}(NNNu.":                                "malformed",
		"(Nd.":                                   "malformed",
		"ccollections\nOrderedDict\n)RC\x01aNs.": "malformed", // a key that cannot be hashed
		"]q\x00h\x00aN\x86R.":                    "malformed", // a list that holds itself, in an error's text
		"}q\x00" + text("model") + "h\x00s.":     "no tensors",
		strings.Repeat("(", 2000):                "more than 1000 levels",
		strings.Repeat("N", maxOps+1):            "more than 524288 operations",
		"ccollections\nOrderedDict\n)R" + strings.Repeat("}b", 100):    "more than 64 objects",
		strings.Repeat("}", 50) + text(strings.Repeat("a", maxText+1)): "text of 131073 bytes",
		"V" + strings.Repeat("a", maxText+1):                           "line of more than",
		"L" + strings.Repeat("9", 600) + "L\n.":                        "line of more than",
		"I5":                                                           "cut short",
	}
}

// hostileTensors does the same for the value of w in a dict.
func hostileTensors() map[string]string {
	w := func(value string) string { return dict(text("w") + value) }
	return map[string]string{
		w("K\x01"):              "no tensors by name, only w",
		w("ctorch\nSize\n(NtR"): "torch.Size",
		w("ctorch._utils\n_rebuild_parameter\n(NNNtR"):                                                                                    "no tensor",
		w("ctorch._utils\n_rebuild_tensor_v2\n)R"):                                                                                        "0 facts",
		w("(" + text("module") + "NNNNtQ"):                                                                                                "unknown way",
		w(tensor("FloatStorage", -1, 0, tuple(1), tuple(1))):                                                                              "unknown way",
		w(tensor("FloatStorage", 4, -1, tuple(1), tuple(1))):                                                                              "unknown way",
		w(tensor("FloatStorage", 4, 0, tuple(5), tuple(1))):                                                                               "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 4, tuple(1), tuple(1))):                                                                               "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 5, tuple(0), tuple(1))):                                                                               "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 1, tuple(2, 2), tuple(2, 1))):                                                                         "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 1<<62, tuple(1<<62), tuple(1<<62))):                                                                   "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 0, tuple(2, 2), tuple(1<<62, 1<<62))):                                                                 "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 0, tuple(1<<31, 1<<31, 1<<31), tuple(0, 0, 0))):                                                       "beyond the 4 numbers",
		w(tensor("FloatStorage", 4, 0, tuple(-1), tuple(1))):                                                                              "non-negative",
		w(tensor("FloatStorage", 4, 0, tuple(2), tuple(-1))):                                                                              "non-negative",
		w(tensor("FloatStorage", 4, 0, tuple(2), tuple(1, 1))):                                                                            "1 dimensions and 2 strides",
		w(tensor("FloatStorage", 4, 0, tuple(make([]int, 65)...), tuple(make([]int, 65)...))):                                             "65 dimensions",
		w(tensor("FloatStorage", 4, 0, tuple(1<<40), tuple(0))):                                                                           "repeat their numbers",
		w(tensor("FloatStorage", 1<<60, 0, tuple(1), tuple(1))):                                                                           "larger than the file",
		w(tensor("FloatStorage", 3, 0, tuple(1), tuple(1))):                                                                               "16 bytes, not 12",
		w(tensor("DoubleStorage", 4, 0, tuple(1), tuple(1))):                                                                              "16 bytes, not 32",
		w(strings.Replace(tensor("FloatStorage", 4, 0, tuple(1), tuple(1)), text("0"), text("../0"), 1)):                                  "no entry",
		dict(text("a") + tensor("FloatStorage", 4, 0, tuple(1), tuple(1)) + text("b") + tensor("CharStorage", 16, 0, tuple(1), tuple(1))): "two different things",
		dict(text("\xff") + tensor("FloatStorage", 4, 0, tuple(1), tuple(1))):                                                             "not UTF-8",
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

// TestHostileCost gives pickles that do as much as they may. They may cost some hundred megabytes and a few
// seconds on a slow machine, never gigabytes or minutes.
func TestHostileCost(t *testing.T) {
	if testing.Short() {
		t.Skip("uses some hundred megabytes")
	}
	long := text(strings.Repeat("k", maxText))
	items := strings.Repeat("NN", maxOps/6)
	for name, pickle := range map[string]string{
		"dicts":        strings.Repeat("}", maxOps-1) + ".",
		"lists":        strings.Repeat("]", maxOps-1) + ".",
		"tuples":       strings.Repeat("(t", maxOps/2-1) + ".",
		"memo":         "N" + strings.Repeat("\x94", maxOps-3) + ".",
		"ordered":      "ccollections\nOrderedDict\nq\x00" + strings.Repeat("h\x00)R", maxOps/3-3) + ".",
		"long keys":    long + "q\x01ccollections\nOrderedDict\n)R" + strings.Repeat("h\x01h\x01s", maxOps/3-5) + ".",
		"builds":       "}(" + strings.Repeat(text("a")+"N", maxOps/4) + "uq\x00ccollections\nOrderedDict\n)R" + strings.Repeat("h\x00b", maxBuilds) + ".",
		"wrapped":      "}(" + items + "uq\x00" + strings.Repeat(text("model")+"h\x00s", maxOps/6) + ".",
		"texts":        strings.Repeat(text(strings.Repeat("t", maxText)), maxPickle/maxText-2) + ".",
		"long numbers": strings.Repeat("L"+strings.Repeat("9", maxNumber-1)+"\n", maxPickle/maxNumber-100) + ".",
		"big numbers":  strings.Repeat("\x8a"+string(rune(maxNumber))+strings.Repeat("\xf7", maxNumber), maxPickle/(maxNumber+2)-100) + ".",
	} {
		zipped := torchZipOf(pickle, "")
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := ReadPyTorch(bytes.NewReader(zipped), int64(len(zipped)), name)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%-12s %4d MB allocated, %v: %.80v", name, allocated, took.Round(time.Millisecond), err)
		if err == nil || allocated > 600 || took > time.Minute {
			t.Errorf("%s: %d MB allocated in %v, error %v", name, allocated, took, err)
		}
	}
}

func TestHostileZips(t *testing.T) {
	good := dict(text("w") + tensor("FloatStorage", 4, 0, tuple(4), tuple(1)))
	model := zipEntry{"a/data.pkl", good}
	plain := torchZipOf(good, floats4)
	// A directory entry has its sizes 26 bytes before the name, and its flags 38 bytes.
	at := bytes.LastIndex(plain, []byte("archive/data/0"))
	huge, locked := bytes.Clone(plain), bytes.Clone(plain)
	copy(huge[at-26:], "\xfe\xff\xff\xff\xfe\xff\xff\xff")
	locked[at-38] |= 1
	// Two storages that together are longer than the archive, as when entries lie over each other.
	over := text("a") + tensor("FloatStorage", 1<<16, 0, tuple(1), tuple(1)) +
		text("b") + strings.Replace(tensor("FloatStorage", 1<<16, 0, tuple(1), tuple(1)), text("0"), text("1"), 1)
	overlapping := zipOf(zip.Store, zipEntry{"a/data.pkl", dict(over)}, zipEntry{"a/data/0", strings.Repeat("\x00", 1<<18)}, zipEntry{"a/data/1", ""})
	var many []zipEntry
	for i := range 300 { // long names, for the limit is on the directory's bytes
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
		"large entry":   {huge, "cut short"},
		"overlapping":   {overlapping, "larger than the file"},
		"big-endian":    {zipOf(zip.Store, model, zipEntry{"a/byteorder", "big"}), "big-endian"},
		"no storage":    {zipOf(zip.Store, model), "no entry"},
		"many entries":  {zipOf(zip.Store, many...), "directory is too large"},
		"empty archive": {append([]byte("PK\x03\x04"), zipOf(zip.Store)...), "not by torch.save"},
		"no directory":  {append([]byte("PK\x03\x04"), make([]byte, 100)...), "broken zip archive"},
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
