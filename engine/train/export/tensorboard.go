package export

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"sync"
	"time"

	"hfcui/engine/train"
)

// TensorBoard writes a run's metrics and notes as an event file, which TensorBoard loads if the file's
// name contains "tfevents". Steps are training steps.
//
// The file is a sequence of records (TensorFlow's lib/io/record_writer.h): the data's
// length in eight bytes, its masked checksum, the data, its masked checksum; all little
// endian. The data is an Event (core/util/event.proto), the first one with the version.
func TensorBoard(w io.Writer, r Run) error {
	first := time.Unix(0, 0)
	if len(r.Events) > 0 {
		first = r.Events[0].At().Time
	}
	if err := record(w, versionEvent(first)); err != nil {
		return err
	}
	for _, e := range r.Events {
		if list := Scalars(e); len(list) > 0 {
			if err := record(w, scalarEvent(e.At(), list)); err != nil {
				return err
			}
		}
	}
	for _, n := range r.Notes {
		if err := record(w, noteEvent(n)); err != nil {
			return err
		}
	}
	return nil
}

// record writes a record.
func record(w io.Writer, data []byte) error {
	b := make([]byte, 0, len(data)+16)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, data...)
	b = binary.LittleEndian.AppendUint32(b, masked(data))
	_, err := w.Write(b)
	return err
}

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// masked returns TensorFlow's masked CRC-32C of data (lib/hash/crc32c.h).
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli())
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// Wire types of protocol buffers.
const (
	varint  = 0
	fixed64 = 1
	lengthy = 2
	fixed32 = 5
)

func key(b []byte, field, kind uint64) []byte { return binary.AppendUvarint(b, field<<3|kind) }

func text(b []byte, field uint64, s string) []byte {
	return append(binary.AppendUvarint(key(b, field, lengthy), uint64(len(s))), s...)
}

// wallTime is field 1 of Event, a double: seconds since 1970.
func wallTime(b []byte, t time.Time) []byte {
	seconds := float64(t.Unix()) + float64(t.Nanosecond())/1e9
	return binary.LittleEndian.AppendUint64(key(b, 1, fixed64), math.Float64bits(seconds))
}

// versionEvent has file_version, field 3.
func versionEvent(t time.Time) []byte { return text(wallTime(nil, t), 3, "brain.Event:2") }

// scalarEvent has step, field 2, and summary, field 5: a Summary whose field 1 repeats, a
// Value with tag, field 1, and simple_value, field 2, a float.
func scalarEvent(at *train.Stamp, list []Scalar) []byte {
	b := wallTime(nil, at.Time)
	b = binary.AppendUvarint(key(b, 2, varint), uint64(at.Step))
	var summary []byte
	for _, s := range list {
		value := text(nil, 1, s.Tag)
		value = binary.LittleEndian.AppendUint32(key(value, 2, fixed32), math.Float32bits(float32(s.Value)))
		summary = text(summary, 1, string(value))
	}
	return text(b, 5, string(summary))
}

// noteEvent has a note for TensorBoard's text plugin: a Value with tag, metadata, field 9, whose
// plugin_data, field 1, names the plugin and whose data_class, field 4, is that of tensors, and
// tensor, field 8: a scalar of strings.
func noteEvent(n train.Note) []byte {
	const stringType, tensorClass = 7, 2
	b := wallTime(nil, n.Time)
	b = binary.AppendUvarint(key(b, 2, varint), uint64(n.Step))
	metadata := text(nil, 1, string(text(nil, 1, "text")))
	metadata = binary.AppendUvarint(key(metadata, 4, varint), tensorClass)
	tensor := binary.AppendUvarint(key(nil, 1, varint), stringType)
	tensor = text(text(tensor, 2, ""), 8, n.Text)
	value := text(text(text(nil, 1, NoteTag), 8, string(tensor)), 9, string(metadata))
	return text(b, 5, string(text(nil, 1, string(value))))
}
