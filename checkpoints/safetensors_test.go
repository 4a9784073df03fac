package checkpoints

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// safetensorsOf returns a file with a header and data of a size.
func safetensorsOf(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// TestReadSafetensors reads a file of another writer (shared golden values).
func TestReadSafetensors(t *testing.T) {
	f, err := Open("testdata/golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"x", "low_1", "high_1", "low_2", "high_2"}; !slices.Equal(f.Order, want) || f.Metadata["radii"] != "[1, 2]" {
		t.Fatalf("order %q, metadata %q", f.Order, f.Metadata)
	}
	for i, x := range f.Tensors["x"].Data {
		if sum := f.Tensors["low_1"].Data[i] + f.Tensors["high_1"].Data[i]; math.Abs(float64(sum-x)) > 1e-6 {
			t.Errorf("low + high = %v, want %v", sum, x)
		}
	}
	if !slices.Equal(f.Tensors["x"].Shape, []int{1, 1, 1, 5}) {
		t.Errorf("shape %v", f.Tensors["x"].Shape)
	}
}

func TestSafetensorsTypes(t *testing.T) {
	for name, test := range map[string]struct {
		bytes string
		want  []float32
	}{
		"F64":  {"\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\xf0\x7f", []float32{1.5, float32(math.Inf(1))}},
		"F32":  {"\x00\x00\xc0\x3f\x00\x00\x00\x80", []float32{1.5, float32(math.Copysign(0, -1))}},
		"F16":  {"\x00\x3e\x01\x00", []float32{1.5, 1.0 / (1 << 24)}},
		"BF16": {"\xc0\x3f\x80\xff", []float32{1.5, float32(math.Inf(-1))}},
		"I64":  {"\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x01\x00\x00", []float32{-1, 1 << 40}},
		"I32":  {"\xff\xff\xff\xff\x00\x00\x01\x00", []float32{-1, 1 << 16}},
		"I16":  {"\xff\xff\x00\x01", []float32{-1, 256}},
		"I8":   {"\xff\x7f", []float32{-1, 127}},
		"U8":   {"\xff\x7f", []float32{255, 127}},
		"BOOL": {"\x00\x02", []float32{0, 1}},
	} {
		header := fmt.Sprintf(`{"t":{"dtype":"%s","shape":[2],"data_offsets":[0,%d]}}`, name, len(test.bytes))
		data := append(safetensorsOf(header, 0), test.bytes...)
		f, err := ReadSafetensors(bytes.NewReader(data), int64(len(data)), name)
		if err != nil {
			t.Error(err)
			continue
		}
		same(t, f, &File{Order: []string{"t"}, Tensors: map[string]*Tensor{"t": {Shape: []int{2}, Data: test.want}}})
	}
}

// TestHalf compares all half-precision numbers with their definition.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		sign, exponent, fraction := 1-2*float64(h>>15), h>>10&31, float64(h&0x3ff)
		want := sign * math.Ldexp(1+fraction/1024, exponent-15)
		switch {
		case exponent == 0:
			want = sign * math.Ldexp(fraction, -24)
		case exponent == 31 && fraction == 0:
			want = sign * math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		got := Half(uint16(h))
		if math.IsNaN(want) != (got != got) || !math.IsNaN(want) && math.Float32bits(got) != math.Float32bits(float32(want)) {
			t.Fatalf("%04x is %v, want %v", h, got, want)
		}
	}
}

func hostileSafetensors() map[string][]byte {
	tensor := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`"a":{"dtype":"%s","shape":%s,"data_offsets":%s}`, dtype, shape, offsets)
	}
	one := tensor("F32", "[2]", "[0,8]")
	length := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), `{"a":1}        `...) }
	return map[string][]byte{
		"is truncated: 0 bytes":                       {},
		"is truncated: 7 bytes":                       make([]byte, 7),
		"has a header of 18446744073709551615":        length(math.MaxUint64),
		"has a header of 104857601 bytes":             length(maxHeader + 1),
		"a header of 104857600 bytes in a file of 23": length(maxHeader),
		"a header of 16 bytes in a file of 23":        length(16),
		"header that is not a JSON object":            safetensorsOf(`[]`, 0),
		"that is not valid JSON":                      safetensorsOf(`{"a":`, 0),
		"header that is not valid JSON":               safetensorsOf("{\"\xff\":1}", 0),
		"not valid JSON":                              safetensorsOf("{} {}", 0),
		"valid JSON":                                  safetensorsOf(strings.Repeat(`{"a":`, 20000), 0),
		"malformed header: expected an object":        safetensorsOf(`{"a":1}`, 0),
		"expected an object":                          safetensorsOf(`{"__metadata__":null}`, 0),
		"metadata k that is not a string":             safetensorsOf(`{"__metadata__":{"k":1}}`, 0),
		"duplicate metadata k":                        safetensorsOf(`{"__metadata__":{"k":"1","k":"2"}}`, 0),
		"duplicate key __metadata__":                  safetensorsOf(`{"__metadata__":{},"__metadata__":{}}`, 0),
		"has duplicate key a":                         safetensorsOf(`{`+one+`,`+one+`}`, 8),
		"tensor a: duplicate key dtype":               safetensorsOf(`{"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,8]}}`, 8),
		"unknown key x":                               safetensorsOf(`{"a":{"dtype":"F32","x":1,"shape":[2],"data_offsets":[0,8]}}`, 8),
		"tensor a: no shape":                          safetensorsOf(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8),
		"tensor a: no dtype":                          safetensorsOf(`{"a":{}}`, 8),
		"dtype F4, supported are BF16 BOOL":           safetensorsOf(`{`+tensor("F4", "[2]", "[0,8]")+`}`, 8),
		`dtype "\x1b[2J",`:                            safetensorsOf(`{`+tensor(`\u001b[2J`, "[2]", "[0,8]")+`}`, 8),
		"-2 is not":                                   safetensorsOf(`{`+tensor("F32", "[-2]", "[0,8]")+`}`, 8),
		"2.0 is not":                                  safetensorsOf(`{`+tensor("F32", "[2.0]", "[0,8]")+`}`, 8),
		"2e0 is not":                                  safetensorsOf(`{`+tensor("F32", "[2e0]", "[0,8]")+`}`, 8),
		"9223372036854775808 is not":                  safetensorsOf(`{`+tensor("F32", "[9223372036854775808]", "[0,8]")+`}`, 8),
		"expected an integer":                         safetensorsOf(`{`+tensor("F32", `["2"]`, "[0,8]")+`}`, 8),
		"expected an array":                           safetensorsOf(`{`+tensor("F32", `2`, "[0,8]")+`}`, 8),
		"implausibly large":                           safetensorsOf(`{`+tensor("F32", "[4294967296,4294967296]", "[0,8]")+`}`, 8),
		"large shape":                                 safetensorsOf(`{`+tensor("F32", "[0,4294967296,4294967296]", "[0,0]")+`}`, 0),
		"more than 64 integers":                       safetensorsOf(`{`+tensor("F32", "[1"+strings.Repeat(",1", 64)+"]", "[0,4]")+`}`, 4),
		"more than 2 integers":                        safetensorsOf(`{`+tensor("F32", "[2]", "[0,8,8]")+`}`, 8),
		"data_offsets are not [begin, end]":           safetensorsOf(`{`+tensor("F32", "[2]", "[8,0]")+`}`, 8),
		"not [begin, end]":                            safetensorsOf(`{`+tensor("F32", "[2]", "[8]")+`}`, 8),
		"shape [3] in F32 takes 12 bytes, but has 8":  safetensorsOf(`{`+tensor("F32", "[3]", "[0,8]")+`}`, 8),
		"tensor a ends at byte 8 of 4":                safetensorsOf(`{`+one+`}`, 4),
		"4 bytes after its last tensor":               safetensorsOf(`{`+one+`}`, 12),
		"1 bytes after its last tensor":               safetensorsOf(`{}`, 1),
		"a gap of 4 bytes before tensor a":            safetensorsOf(`{`+tensor("F32", "[2]", "[4,12]")+`}`, 12),
		"tensor b overlapping another":                safetensorsOf(`{`+one+`,"b":{"dtype":"U8","shape":[8],"data_offsets":[4,12]}}`, 12),
		"b overlapping another":                       safetensorsOf(`{`+one+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8),
		"name of 5000 bytes":                          safetensorsOf(`{"`+strings.Repeat("n", 5000)+`":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0),
	}
}

func TestHostileSafetensors(t *testing.T) {
	for want, data := range hostileSafetensors() {
		_, err := ReadSafetensors(bytes.NewReader(data), int64(len(data)), "bad.safetensors")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, "bad.safetensors: ") || !strings.Contains(text, "; ") || len(text) > 300 || strings.ContainsAny(text, "\n\x1b") {
			t.Errorf("%q is not one short line with the file and what to do", text)
		}
	}
}

// TestReadingCost: reading a large file of many tensors takes little more memory than its size.
func TestReadingCost(t *testing.T) {
	const count, each = 1000, 4096
	f := &File{Tensors: map[string]*Tensor{}}
	for i := range count {
		f.Tensors[fmt.Sprint("layer", i)] = &Tensor{Shape: []int{each}, Data: make([]float32, each)}
	}
	path := filepath.Join(t.TempDir(), "large.safetensors")
	if err := WriteSafetensors(path, f); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > count*each*4*5/4 {
		t.Errorf("reading %d bytes allocated %d", count*each*4, allocated)
	}
}

// randomFile returns tensors of all ranks, including empty ones, and names and metadata that need
// escaping.
func randomFile(r *rand.Rand) *File {
	f := &File{Tensors: map[string]*Tensor{}, Metadata: map[string]string{}}
	for i := range r.IntN(6) {
		name := fmt.Sprintf("%d \"<&>\\\n\u2028é.weight", i)
		shape := make([]int, r.IntN(5))
		n := 1
		for j := range shape {
			shape[j] = r.IntN(5)
			n *= shape[j]
		}
		data := make([]float32, n)
		for j := range data {
			data[j] = math.Float32frombits(r.Uint32())
		}
		f.Order = append(f.Order, name)
		f.Tensors[name] = &Tensor{Shape: shape, Data: data}
		f.Metadata[name] = strings.Repeat(name, r.IntN(3))
	}
	r.Shuffle(len(f.Order), func(i, j int) { f.Order[i], f.Order[j] = f.Order[j], f.Order[i] })
	return f
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "round.safetensors")
	for range 100 {
		want := randomFile(r)
		if err := WriteSafetensors(path, want); err != nil {
			t.Fatal(err)
		}
		first, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
		for key, value := range want.Metadata {
			if got.Metadata[key] != value {
				t.Fatalf("metadata %q is %q, want %q", key, got.Metadata[key], value)
			}
		}
		if err := WriteSafetensors(path, got); err != nil {
			t.Fatal(err)
		}
		if second, _ := os.ReadFile(path); !bytes.Equal(first, second) {
			t.Fatal("two writes yield different bytes")
		}
		if header := binary.LittleEndian.Uint64(first); header%8 != 0 {
			t.Fatalf("header of %d bytes leaves the data unaligned", header)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	tensor := &Tensor{Shape: []int{2}, Data: make([]float32, 2)}
	path := filepath.Join(t.TempDir(), "no.safetensors")
	for want, f := range map[string]*File{
		"not among the tensors":   {Order: []string{"a"}},
		"twice":                   {Order: []string{"a", "a"}, Tensors: map[string]*Tensor{"a": tensor}},
		"is nil":                  {Tensors: map[string]*Tensor{"a": nil}},
		"[3] but 2 elements":      {Tensors: map[string]*Tensor{"a": {Shape: []int{3}, Data: tensor.Data}}},
		"[-1 -2] but 2 elements":  {Tensors: map[string]*Tensor{"a": {Shape: []int{-1, -2}, Data: tensor.Data}}},
		"[] but 2 elements":       {Tensors: map[string]*Tensor{"a": {Data: tensor.Data}}},
		"cannot be named":         {Tensors: map[string]*Tensor{metadataKey: tensor}},
		"name that is not UTF-8":  {Tensors: map[string]*Tensor{"\xff": tensor}},
		`"\xff" is not UTF-8`:     {Metadata: map[string]string{"a": "\xff"}},
		`"\xfe" is not UTF-8`:     {Metadata: map[string]string{"\xfe": "a"}},
		"tensor name of 5000 byt": {Tensors: map[string]*Tensor{strings.Repeat("n", 5000): tensor}},
	} {
		if err := WriteSafetensors(path, f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%q: a file was written", want)
		}
	}
}

// TestWriteWithoutOrder: tensors missing in Order are written sorted by name.
func TestWriteWithoutOrder(t *testing.T) {
	f := &File{Tensors: map[string]*Tensor{}, Order: []string{"m"}}
	for _, name := range []string{"z", "m", "a"} {
		f.Tensors[name] = &Tensor{Data: []float32{1}}
	}
	path := filepath.Join(t.TempDir(), "order.safetensors")
	if err := WriteSafetensors(path, f); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path)
	if err != nil || !slices.Equal(got.Order, []string{"m", "a", "z"}) || got.Metadata == nil {
		t.Errorf("order %q, %v", got.Order, err)
	}
}
