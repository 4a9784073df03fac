package onnx

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"hfcui/engine/printable"
)

// protoModel has the relevant fields of a ModelProto.
type protoModel struct {
	producer string
	opset    int      // of the standard domain
	domains  []string // other domains
	metadata map[string]string
	protoGraph
}

// protoGraph is a GraphProto.
type protoGraph struct {
	name    string
	nodes   []*protoNode
	tensors map[string]*protoTensor
	inputs  []protoValue
	outputs []protoValue
}

// protoNode is a NodeProto.
type protoNode struct {
	op, domain, name string
	in, out          []string
	attrs            map[string]*protoAttr
}

// protoAttr is an AttributeProto.
type protoAttr struct {
	f      float64
	i      int64
	s      string
	t      *protoTensor
	floats []float64
	ints   []int64
	graph  *protoGraph // a branch of an If
}

// protoValue is a ValueInfoProto; symbolic dims are −1.
type protoValue struct {
	name string
	dims []int
}

// Limits of a file.
const (
	maxNodes   = 20_000
	maxTensors = 50_000
	maxList    = 1 << 16 // values of an attribute, inputs of a node
	maxRank    = 8
	maxDepth   = 4 // of nested subgraphs
)

// budget is the remainder of the limits.
type budget struct{ nodes, tensors, depth int }

var errTorn = errors.New("not an ONNX model, or truncated: export or copy it again")

// field is one field of a message.
type field struct {
	num  protowire.Number
	typ  protowire.Type
	v    uint64 // of numeric wire types
	data []byte // of length-delimited fields; aliases the file
}

// fields calls f for every field of a message.
func fields(b []byte, f func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errTorn
		}
		b = b[n:]
		fd := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			fd.v, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			fd.v = uint64(v)
		case protowire.Fixed64Type:
			fd.v, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			fd.data, n = protowire.ConsumeBytes(b)
		default:
			n = -1 // groups, which ONNX does not use
		}
		if n < 0 {
			return errTorn
		}
		b = b[n:]
		if err := f(fd); err != nil {
			return err
		}
	}
	return nil
}

// numbers calls f for the numbers of a repeated field, packed or not.
func (fd field) numbers(f func(v uint64) error) error {
	if fd.typ != protowire.BytesType {
		return f(fd.v)
	}
	for b := fd.data; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return errTorn
		}
		b = b[n:]
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

func readModel(b []byte) (*protoModel, error) {
	m := &protoModel{metadata: make(map[string]string)}
	left, graphs := &budget{maxNodes, maxTensors, maxDepth}, 0
	err := fields(b, func(fd field) error {
		switch fd.num {
		case 2:
			m.producer = string(fd.data)
		case 7:
			graphs++
			g, err := left.readGraph(fd.data)
			m.protoGraph = g
			return err
		case 8:
			return m.readOpset(fd.data)
		case 14:
			key, value, err := readEntry(fd.data)
			if len(m.metadata) < 1000 {
				m.metadata[key] = value
			}
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case graphs != 1 || len(m.nodes) == 0:
		return nil, errTorn
	}
	return m, nil
}

func (m *protoModel) readOpset(b []byte) error {
	domain, version := "", 0
	err := fields(b, func(fd field) error {
		switch fd.num {
		case 1:
			domain = string(fd.data)
		case 2:
			version = int(min(fd.v, math.MaxInt32))
		}
		return nil
	})
	if domain == "" || domain == "ai.onnx" {
		m.opset = version
	} else if len(m.domains) < 100 {
		m.domains = append(m.domains, domain)
	}
	return err
}

// readEntry reads a StringStringEntryProto.
func readEntry(b []byte) (key, value string, err error) {
	err = fields(b, func(fd field) error {
		switch fd.num {
		case 1:
			key = string(fd.data)
		case 2:
			value = string(fd.data)
		}
		return nil
	})
	return key, value, err
}

func (left *budget) readGraph(b []byte) (protoGraph, error) {
	m := protoGraph{tensors: make(map[string]*protoTensor)}
	if left.depth == 0 {
		return m, errors.New("subgraphs are nested too deep: simplify the model with onnxsim")
	}
	left.depth--
	err := fields(b, func(fd field) error {
		switch fd.num {
		case 1:
			if left.nodes--; left.nodes < 0 {
				return fmt.Errorf("more than %d nodes: simplify the model with onnxsim", maxNodes)
			}
			n, err := left.readNode(fd.data)
			m.nodes = append(m.nodes, n)
			return err
		case 2:
			m.name = string(fd.data)
		case 5:
			if left.tensors--; left.tensors < 0 {
				return fmt.Errorf("more than %d tensors", maxTensors)
			}
			t, err := readTensor(fd.data)
			if err == nil {
				m.tensors[t.name] = t
			}
			return err
		case 11, 12:
			v, err := readValue(fd.data)
			list := &m.inputs
			if fd.num == 12 {
				list = &m.outputs
			}
			if len(*list) < maxTensors {
				*list = append(*list, v)
			}
			return err
		case 15:
			return errors.New("sparse tensors are not supported: export dense ones")
		}
		return nil
	})
	left.depth++
	return m, err
}

func (left *budget) readNode(b []byte) (*protoNode, error) {
	n := &protoNode{attrs: make(map[string]*protoAttr)}
	err := fields(b, func(fd field) error {
		if len(n.in)+len(n.out)+len(n.attrs) > maxList {
			return errors.New("a node has too many inputs, outputs or attributes")
		}
		switch fd.num {
		case 1:
			n.in = append(n.in, string(fd.data))
		case 2:
			n.out = append(n.out, string(fd.data))
		case 3:
			n.name = printable.Line(string(fd.data))
		case 4:
			n.op = printable.Line(string(fd.data))
		case 5:
			name, a, err := left.readAttr(fd.data)
			n.attrs[name] = a
			return err
		case 7:
			n.domain = printable.Line(string(fd.data))
		}
		return nil
	})
	if err == nil && len(n.out) == 0 {
		err = errTorn
	}
	return n, err
}

func (left *budget) readAttr(b []byte) (name string, a *protoAttr, err error) {
	a = new(protoAttr)
	err = fields(b, func(fd field) (err error) {
		switch fd.num {
		case 1:
			name = string(fd.data)
		case 2:
			a.f = decimal(math.Float32frombits(uint32(fd.v)))
		case 3:
			a.i = int64(fd.v)
		case 4:
			a.s = string(fd.data)
		case 5:
			a.t, err = readTensor(fd.data)
		case 6:
			g, err := left.readGraph(fd.data)
			a.graph = &g
			return err
		case 7:
			return a.readFloats(fd)
		case 8:
			return fd.numbers(func(v uint64) error {
				a.ints = append(a.ints, int64(v))
				return within(len(a.ints))
			})
		}
		return err
	})
	return name, a, err
}

// decimal returns the shortest decimal that rounds to v, e.g. 1e-5 as given to the exporter.
func decimal(v float32) float64 {
	d, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64) // cannot fail
	return d
}

func (a *protoAttr) readFloats(fd field) error {
	if fd.typ == protowire.Fixed32Type {
		a.floats = append(a.floats, float64(math.Float32frombits(uint32(fd.v))))
	}
	for b := fd.data; len(b) > 0; {
		v, n := protowire.ConsumeFixed32(b)
		if n < 0 {
			return errTorn
		}
		a.floats, b = append(a.floats, float64(math.Float32frombits(v))), b[n:]
		if err := within(len(a.floats)); err != nil {
			return err
		}
	}
	return within(len(a.floats))
}

// within returns an error for lists beyond maxList.
func within(n int) error {
	if n > maxList {
		return fmt.Errorf("an attribute has more than %d values", maxList)
	}
	return nil
}

// readValue reads a ValueInfoProto: name, type.tensor_type.shape.dim.dim_value.
func readValue(b []byte) (v protoValue, err error) {
	err = fields(b, func(fd field) error {
		switch fd.num {
		case 1:
			v.name = string(fd.data)
		case 2:
			return inside(fd.data, 1, func(b []byte) error {
				return inside(b, 2, func(b []byte) error {
					return inside(b, 1, func(b []byte) error {
						dim := -1
						err := fields(b, func(fd field) error {
							if fd.num == 1 {
								dim = int(min(fd.v, math.MaxInt32))
							}
							return nil
						})
						if v.dims = append(v.dims, dim); len(v.dims) > maxRank {
							return fmt.Errorf("input or output %.40q has more than %d dimensions", v.name, maxRank)
						}
						return err
					})
				})
			})
		}
		return nil
	})
	return v, err
}

// inside calls f for the messages of one field of a message.
func inside(b []byte, num protowire.Number, f func([]byte) error) error {
	return fields(b, func(fd field) error {
		if fd.num == num && fd.typ == protowire.BytesType {
			return f(fd.data)
		}
		return nil
	})
}
