package checkpoints

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// WriteSafetensors writes f to path as safetensors, every tensor as F32, atomically (see WriteAtomic).
// Tensors are in the order of f.Order, the others after them by name. Data starts at a multiple of
// eight bytes; equal Files yield equal bytes.
func WriteSafetensors(path string, f *File) error {
	return WriteAtomic(path, func(w io.Writer) error { return EncodeSafetensors(w, f) })
}

// EncodeSafetensors is WriteSafetensors to w, with bounded memory.
func EncodeSafetensors(w io.Writer, f *File) error {
	names, err := writingOrder(f)
	if err != nil {
		return err
	}
	header, err := safetensorsHeader(f, names)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	buf := make([]byte, chunk)
	for _, name := range names {
		if err := writeFloats(w, f.Tensors[name].Data, buf); err != nil {
			return err
		}
	}
	return nil
}

func writingOrder(f *File) ([]string, error) {
	names := make([]string, 0, len(f.Tensors))
	listed := make(map[string]bool, len(f.Tensors))
	for _, name := range f.Order {
		if f.Tensors[name] == nil {
			return nil, fmt.Errorf("order lists %s, which is not among the tensors", quote(name))
		}
		if listed[name] {
			return nil, fmt.Errorf("order lists %s twice", quote(name))
		}
		listed[name] = true
		names = append(names, name)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tensors)) {
		if !listed[name] {
			names = append(names, name)
		}
	}
	return names, nil
}

// safetensorsHeader returns everything before the data: length, JSON, and spaces for alignment.
func safetensorsHeader(f *File, names []string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8)) // length, set below
	b.WriteByte('{')
	comma := ""
	if len(f.Metadata) > 0 {
		b.WriteString(`"` + metadataKey + `":{`)
		for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
			if err := writeMember(&b, comma, key); err != nil {
				return nil, err
			}
			if err := writeText(&b, f.Metadata[key]); err != nil {
				return nil, err
			}
			comma = ","
		}
		b.WriteByte('}')
	}
	at := int64(0)
	for _, name := range names {
		t := f.Tensors[name]
		if err := checkTensor(name, t); err != nil {
			return nil, err
		}
		if err := writeMember(&b, comma, name); err != nil {
			return nil, err
		}
		comma = ","
		end := at + 4*int64(len(t.Data))
		b.WriteString(`{"dtype":"F32","shape":[`)
		for i, d := range t.Shape {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(d))
		}
		fmt.Fprintf(&b, `],"data_offsets":[%d,%d]}`, at, end)
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len()-8 > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes exceeds the maximum of %d", b.Len()-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(b.Len()-8))
	return b.Bytes(), nil
}

func checkTensor(name string, t *Tensor) error {
	if t == nil {
		return fmt.Errorf("tensor %s is nil", quote(name))
	}
	if n, ok := elements(t.Shape); !ok || n != int64(len(t.Data)) || len(t.Shape) > maxRank {
		return fmt.Errorf("tensor %s has shape %v but %d elements", quote(name), t.Shape, len(t.Data))
	}
	if name == metadataKey {
		return errors.New("a tensor cannot be named " + metadataKey)
	}
	return checkName(name)
}

func writeMember(b *bytes.Buffer, comma, key string) error {
	b.WriteString(comma)
	if err := writeText(b, key); err != nil {
		return err
	}
	b.WriteByte(':')
	return nil
}

// writeText writes s as JSON. Invalid UTF-8 is an error, since the encoder would silently change it.
func writeText(b *bytes.Buffer, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s is not UTF-8", quote(s))
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	return nil
}

func writeFloats(w io.Writer, data []float32, buf []byte) error {
	for len(data) > 0 {
		n := min(len(data), len(buf)/4)
		for i, v := range data[:n] {
			binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
		}
		if _, err := w.Write(buf[:4*n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
