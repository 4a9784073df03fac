package checkpoints

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/checkpoints/memtest"
)

// sound checks the invariants of a file that was read, and that it survives a round trip.
func sound(t *testing.T, f *File, size int) {
	t.Helper()
	numbers := 0
	for name, tensor := range f.Tensors {
		if err := checkTensor(name, tensor); err != nil {
			t.Fatal(err)
		}
		numbers += len(tensor.Data)
	}
	if len(f.Order) != len(f.Tensors) || f.Metadata == nil || numbers > size+chunk {
		t.Fatalf("%d names, %d tensors, metadata %v, %d numbers from %d bytes", len(f.Order), len(f.Tensors), f.Metadata, numbers, size)
	}
	names, err := writingOrder(f)
	if err != nil {
		t.Fatal(err)
	}
	header, err := safetensorsHeader(f, names)
	if err != nil {
		t.Fatal(err)
	}
	written := bytes.NewBuffer(header)
	for _, name := range names {
		if err := writeFloats(written, f.Tensors[name].Data, make([]byte, chunk)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := ReadSafetensors(bytes.NewReader(written.Bytes()), int64(written.Len()), "written")
	if err != nil {
		t.Fatal(err)
	}
	same(t, again, f)
}

// oneLine checks that an error is one line that starts with the file's name.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); !strings.HasPrefix(text, "fuzz: ") || strings.ContainsAny(text, "\n\r\x1b\x00") || len(text) > 1000 {
		t.Fatalf("error %q", text)
	}
}

// read asserts that reading data takes bounded memory and returns a sound file or a one-line error.
func read(t *testing.T, read func(io.ReaderAt, int64, string) (*File, error), data []byte) {
	t.Helper()
	var file *File
	var err error
	memtest.Within(t, len(data), func() { file, err = read(bytes.NewReader(data), int64(len(data)), "fuzz") })
	if err != nil {
		oneLine(t, err)
		return
	}
	sound(t, file, len(data))
}

func FuzzSafetensors(f *testing.F) {
	for _, data := range hostileSafetensors() {
		f.Add(data)
	}
	addFiles(f, "testdata/*.safetensors")
	f.Fuzz(func(t *testing.T, data []byte) {
		read(t, ReadSafetensors, data)
	})
}

// FuzzHeader mutates only the header; its length stays correct.
func FuzzHeader(f *testing.F) {
	for _, data := range hostileSafetensors() {
		if len(data) > 8 {
			f.Add(string(data[8:]), 8)
		}
	}
	f.Fuzz(func(t *testing.T, header string, size int) {
		data := safetensorsOf(header, max(0, min(size, 1<<16)))
		read(t, ReadSafetensors, data)
	})
}

// FuzzPyTorch mutates complete files of both formats.
func FuzzPyTorch(f *testing.F) {
	addFiles(f, "testdata/*.pt")
	addFiles(f, "testdata/refused/*.pt")
	f.Fuzz(func(t *testing.T, data []byte) {
		read(t, ReadPyTorch, data)
	})
}

// FuzzPickle mutates a pickle inside a zip archive with correct checksums.
func FuzzPickle(f *testing.F) {
	all := hostilePickles()
	maps.Copy(all, hostileTensors())
	for pickle := range all {
		if len(pickle) < 4096 {
			f.Add([]byte(pickle))
		}
	}
	files, _ := filepath.Glob("testdata/*.pt")
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		// A zip entry's name is followed by padding and then the pickle; fuzzing finds the rest.
		if at := bytes.Index(data, []byte{opProto}); at >= 0 {
			f.Add(data[at:])
		}
	}
	f.Fuzz(func(t *testing.T, pickle []byte) {
		data := torchZipOf(string(pickle), floats4)
		read(t, ReadPyTorch, data)
	})
}

func addFiles(f *testing.F, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		f.Fatalf("no files %s (%v)", pattern, err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}
