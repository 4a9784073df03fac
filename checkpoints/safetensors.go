package checkpoints

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The format (https://github.com/huggingface/safetensors): a header length of eight bytes, little-endian;
// a JSON object with each tensor's dtype, shape and offsets; the raw data, without gaps.

const (
	maxHeader   = 100 << 20 // as in the reference implementation
	metadataKey = "__metadata__"
	chunk       = 64 << 10 // bytes converted at a time
)

var safetensorsTypes = map[string]*dtype{
	"F64": float64Type, "F32": float32Type, "F16": float16Type, "BF16": bfloat16Type, "I64": int64Type,
	"I32": int32Type, "I16": int16Type, "I8": int8Type, "U8": uint8Type, "BOOL": boolType,
	"U16": uint16Type, "U32": uint32Type, "U64": uint64Type, "F8_E4M3": float8E4M3Type, "F8_E5M2": float8E5M2Type,
}

// entry is a tensor's entry in the header.
type entry struct {
	name       string
	typeName   string
	dtype      *dtype
	shape      []int
	begin, end int64 // byte offsets from the end of the header
}

// ReadSafetensors reads the size bytes of r as a safetensors file; errors use name. Elements of
// every dtype become float32: F64 and integers are rounded to nearest, BOOL is 0 or 1.
func ReadSafetensors(r io.ReaderAt, size int64, name string) (*File, error) {
	f, err := readSafetensors(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; copy or download the file again", name, err)
	}
	return f, nil
}

func readSafetensors(r io.ReaderAt, size int64) (*File, error) {
	text, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	entries, metadata, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	f := &File{Tensors: make(map[string]*Tensor, len(entries)), Order: make([]string, len(entries)), Metadata: metadata}
	for i, e := range entries {
		f.Order[i] = e.name
	}
	start := 8 + int64(len(text))
	if err := checkLayout(entries, size-start); err != nil {
		return nil, err
	}
	buf := make([]byte, chunk)
	for _, e := range entries {
		data := make([]float32, (e.end-e.begin)/int64(e.dtype.size))
		if err := readElements(io.NewSectionReader(r, start+e.begin, e.end-e.begin), e.dtype, data, buf); err != nil {
			return nil, fmt.Errorf("cannot read tensor %s: %w", quote(e.name), err)
		}
		f.Tensors[e.name] = &Tensor{Shape: e.shape, Data: data, Integer: e.dtype.integer()}
	}
	return f, nil
}

func readHeader(r io.ReaderAt, size int64) ([]byte, error) {
	if size < 8 {
		return nil, fmt.Errorf("is truncated: %d bytes", size)
	}
	section := io.NewSectionReader(r, 0, size)
	var length [8]byte
	if _, err := io.ReadFull(section, length[:]); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, fmt.Errorf("has a header of %d bytes, more than the maximum of %d", n, maxHeader)
	}
	if int64(n) > size-8 {
		return nil, fmt.Errorf("is truncated: a header of %d bytes in a file of %d", n, size)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(section, text); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return text, nil
}

// checkLayout checks the tensors' ranges against each other and the available bytes of data, which
// they must cover exactly; this also bounds allocation. It sorts entries by offset.
func checkLayout(entries []entry, available int64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := int64(0)
	for _, e := range entries {
		switch {
		case e.begin < at:
			return fmt.Errorf("has tensor %s overlapping another", quote(e.name))
		case e.begin > at:
			return fmt.Errorf("has a gap of %d bytes before tensor %s", e.begin-at, quote(e.name))
		case e.end > available:
			return fmt.Errorf("is truncated: tensor %s ends at byte %d of %d", quote(e.name), e.end, available)
		}
		at = e.end
	}
	if at != available {
		return fmt.Errorf("has %d bytes after its last tensor", available-at)
	}
	return nil
}

// headerParser parses the header's tokens. Decoding into a struct would accept duplicate keys and
// lose the order.
type headerParser struct{ *json.Decoder }

// parseHeader returns the tensors in the header's order.
func parseHeader(text []byte) ([]entry, map[string]string, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("has a header that is not a JSON object")
	}
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, nil, errors.New("has a header that is not valid JSON")
	}
	p := headerParser{json.NewDecoder(bytes.NewReader(text))}
	p.UseNumber()
	var entries []entry
	metadata := map[string]string{}
	seen := map[string]bool{}
	err := p.object(func(key string) error {
		if seen[key] {
			return fmt.Errorf("has duplicate key %s", quote(key))
		}
		seen[key] = true
		if key == metadataKey {
			return p.metadata(metadata)
		}
		e, err := p.entry(key)
		if err == nil {
			entries = append(entries, e)
		}
		return err
	})
	return entries, metadata, err
}

// object parses an object and calls member for each key; member parses the value.
func (p headerParser) object(member func(key string) error) error {
	if t, err := p.Token(); err != nil || t != json.Delim('{') {
		return errors.New("has a malformed header: expected an object")
	}
	for p.More() {
		key, err := p.text()
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
	_, err := p.Token()
	return err
}

func (p headerParser) text() (string, error) {
	t, err := p.Token()
	if s, ok := t.(string); ok && err == nil {
		return s, nil
	}
	return "", errors.New("has a malformed header: expected a string")
}

func (p headerParser) metadata(m map[string]string) error {
	return p.object(func(key string) error {
		value, err := p.text()
		if err != nil {
			return fmt.Errorf("has metadata %s that is not a string", quote(key))
		}
		if _, twice := m[key]; twice {
			return fmt.Errorf("has duplicate metadata %s", quote(key))
		}
		m[key] = value
		return nil
	})
}

func (p headerParser) entry(name string) (entry, error) {
	e := entry{name: name}
	var offsets []int
	seen := map[string]bool{}
	err := p.object(func(key string) (err error) {
		if seen[key] {
			return fmt.Errorf("duplicate key %s", quote(key))
		}
		seen[key] = true
		switch key {
		case "dtype":
			e.typeName, err = p.text()
		case "shape":
			e.shape, err = p.integers(maxRank)
		case "data_offsets":
			offsets, err = p.integers(2)
		default:
			err = fmt.Errorf("unknown key %s", quote(key))
		}
		return err
	})
	if err == nil {
		err = e.check(seen, offsets)
	}
	if err != nil {
		return e, fmt.Errorf("has invalid tensor %s: %w", quote(name), err)
	}
	return e, checkName(name)
}

// check validates and completes e.
func (e *entry) check(seen map[string]bool, offsets []int) error {
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[key] {
			return fmt.Errorf("no %s", key)
		}
	}
	if e.dtype = safetensorsTypes[e.typeName]; e.dtype == nil {
		known := slices.Sorted(maps.Keys(safetensorsTypes))
		return fmt.Errorf("unsupported dtype %s, supported are %s", quote(e.typeName), strings.Join(known, " "))
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return errors.New("data_offsets are not [begin, end]")
	}
	e.begin, e.end = int64(offsets[0]), int64(offsets[1])
	n, ok := elements(e.shape)
	if !ok {
		return errors.New("implausibly large shape")
	}
	if n*int64(e.dtype.size) != e.end-e.begin {
		return fmt.Errorf("shape %v in %s takes %d bytes, but has %d", e.shape, e.typeName, n*int64(e.dtype.size), e.end-e.begin)
	}
	return nil
}

// integers reads an array of at most the given number of non-negative integers.
func (p headerParser) integers(most int) ([]int, error) {
	if t, err := p.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.New("expected an array")
	}
	list := []int{}
	for p.More() {
		t, err := p.Token()
		number, ok := t.(json.Number)
		if err != nil || !ok {
			return nil, errors.New("expected an integer")
		}
		n, err := strconv.ParseUint(number.String(), 10, strconv.IntSize-1)
		if err != nil {
			return nil, fmt.Errorf("%s is not a non-negative integer", quote(number.String()))
		}
		if len(list) == most {
			return nil, fmt.Errorf("array of more than %d integers", most)
		}
		list = append(list, int(n))
	}
	_, err := p.Token()
	return list, err
}
