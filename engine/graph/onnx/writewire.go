package onnx

import (
	"encoding/binary"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is an encoded protobuf message. Field numbers are those of onnx.proto.
type message []byte

func (m *message) int(num protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, num, protowire.VarintType), uint64(v))
}

func (m *message) text(num protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, num, protowire.BytesType), s)
}

func (m *message) inner(num protowire.Number, inner message) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, num, protowire.BytesType), inner)
}

// Types of attributes.
const (
	attrFloat = 1
	attrInt   = 2
	attrInts  = 7
)

// attribute is an attribute of a written node: an int, a float64 or a list of ints.
type attribute struct {
	name  string
	value any
}

// op adds a node.
func (e *exporter) op(name, op string, in []string, out string, attrs ...attribute) {
	var m message
	for _, s := range in {
		m.text(1, s)
	}
	m.text(2, out)
	if name = uniqueName(name, e.called); name != "" {
		m.text(3, name)
	}
	m.text(4, op)
	for _, a := range attrs {
		m.inner(5, a.message())
	}
	var field message
	field.inner(1, m)
	e.nodes.Write(field)
}

func (a attribute) message() message {
	var m message
	m.text(1, a.name)
	switch v := a.value.(type) {
	case int:
		m.int(3, int64(v))
		m.int(20, attrInt)
	case float64:
		m = protowire.AppendFixed32(protowire.AppendTag(m, 2, protowire.Fixed32Type), math.Float32bits(float32(v)))
		m.int(20, attrFloat)
	case []int:
		for _, i := range v {
			m.int(8, int64(i))
		}
		m.int(20, attrInts)
	}
	return m
}

// modelHead encodes a ModelProto up to the fields of its graph, of graphSize bytes.
func modelHead(graphSize int) []byte {
	var m message
	m.int(1, writtenIR)
	m.text(2, producer)
	return protowire.AppendVarint(protowire.AppendTag(m, 7, protowire.BytesType), uint64(graphSize))
}

// modelTail encodes the fields after the graph: the opset and metadata_props.
func modelTail(metadata map[string]string) []byte {
	var m, opset message
	opset.text(1, "")
	opset.int(2, writtenOpset)
	m.inner(8, opset)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		var entry message
		entry.text(1, key)
		entry.text(2, metadata[key])
		m.inner(14, entry)
	}
	return m
}

// frame encodes the fields of the graph before and after its tensors: name; input and output.
func (e *exporter) frame() (before, behind []byte) {
	var m, tail message
	g := e.network.Graph
	m.text(2, g.Name)
	tail.inner(11, valueInfo(e.input, g.Input[:]))
	tail.inner(12, valueInfo(e.output, e.shape[g.Output][1:2]))
	return m, tail
}

// valueInfo describes float32 arrays of any batch size.
func valueInfo(name string, dims []int) message {
	var batchDim, shape, tensor, kind, info message
	batchDim.text(2, "batch")
	shape.inner(1, batchDim)
	for _, d := range dims {
		var dim message
		dim.int(1, int64(d))
		shape.inner(1, dim)
	}
	tensor.int(1, typeFloat)
	tensor.inner(2, shape)
	kind.inner(1, tensor)
	info.text(1, name)
	info.inner(2, kind)
	return info
}

// bytes returns the size of a tensor's elements in bytes.
func (t exportedTensor) bytes() int { return 4*len(t.floats) + 8*len(t.ints) }

// head encodes a tensor as field of a graph, up to its elements.
func (t exportedTensor) head() []byte {
	var m message
	for _, d := range t.dims {
		m.int(1, int64(d))
	}
	kind := int64(typeFloat)
	if t.ints != nil {
		kind = typeInt64
	}
	m.int(2, kind)
	m.text(8, t.name)
	m = protowire.AppendVarint(protowire.AppendTag(m, 9, protowire.BytesType), uint64(t.bytes()))
	field := protowire.AppendTag(nil, 5, protowire.BytesType)
	field = protowire.AppendVarint(field, uint64(len(m)+t.bytes()))
	return append(field, m...)
}

// data writes a tensor's elements, little-endian.
func (t exportedTensor) data(w io.Writer) error {
	buf := make([]byte, 0, 1<<16)
	flush := func(room int) error {
		if len(buf)+room <= cap(buf) && room > 0 {
			return nil
		}
		_, err := w.Write(buf)
		buf = buf[:0]
		return err
	}
	for _, v := range t.floats {
		if err := flush(4); err != nil {
			return err
		}
		buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
	}
	for _, v := range t.ints {
		if err := flush(8); err != nil {
			return err
		}
		buf = binary.LittleEndian.AppendUint64(buf, uint64(v))
	}
	return flush(0)
}
