package model

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/printable"
)

// Model is a net and its weights.
type Model struct {
	Name       string // "demo", or the file's name without folder and extension
	Net        *nets.Net
	Classes    []string                       // Net.Classes names, or nil if unknown
	Mean, Std  []float32                      // input normalization, one value per channel; nil: none
	Weights    map[string]*checkpoints.Tensor // all of Net.Params
	Normalized Origin                         // origin of the input normalization or its absence
	Assumed    []nets.Assumption              // properties of the net that the file does not determine
	Notes      []string                       // caveats about how the file was read
	Metadata   map[string]string              // other keys of the file
}

// New returns an untrained model of the named net, initialized by scheme from seed.
func New(net string, input [3]int, classes []string, scheme nets.Scheme, seed uint64) (*Model, error) {
	n, err := nets.New(net, input, len(classes))
	if err != nil {
		return nil, err
	}
	m := &Model{Name: net, Net: n, Classes: slices.Clone(classes), Normalized: InFile,
		Weights: make(map[string]*checkpoints.Tensor), Metadata: make(map[string]string)}
	values := n.Init(scheme, seed)
	for _, p := range n.Params {
		m.Weights[p.Name] = &checkpoints.Tensor{Shape: p.Shape, Data: values[p.Name]}
	}
	return m, nil
}

// Load reads an embedded model by name, or a file: safetensors, .pt, .pth or .onnx. The net is
// described in the file, or recognized from the names and shapes of its tensors. If netName is set,
// other nets are an error.
func Load(nameOrPath, netName string) (*Model, error) {
	return LoadAs(nameOrPath, Description{Net: netName})
}

// LoadAs reads a model as Load does, with a description that completes the file.
func LoadAs(nameOrPath string, d Description) (*Model, error) {
	if f, ok := checkpoints.Embedded(nameOrPath); ok {
		return FromFileAs(nameOrPath, f, d)
	}
	f, err := openFor(nameOrPath, d.Input)
	if err != nil {
		if names := checkpoints.EmbeddedNames(); !strings.ContainsAny(nameOrPath, `./\`) && len(names) > 0 {
			return nil, fmt.Errorf("%w (embedded models are %s)", err, strings.Join(names, ", "))
		}
		return nil, err
	}
	m, err := FromFileAs(nameOrPath, f, d)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(nameOrPath)
	m.Name = strings.TrimSuffix(base, filepath.Ext(base))
	return m, nil
}

// FromFile converts a checkpoint to a model, which takes ownership of the tensors.
func FromFile(name string, f *checkpoints.File, netName string) (*Model, error) {
	return FromFileAs(name, f, Description{Net: netName})
}

// FromFileAs is FromFile with a description that completes the checkpoint.
func FromFileAs(name string, f *checkpoints.File, d Description) (*Model, error) {
	m, err := fromFile(f, d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m.Name = name
	return m, nil
}

func fromFile(f *checkpoints.File, d Description) (*Model, error) {
	meta, err := readMetadata(f.Metadata)
	if err != nil {
		return nil, err
	}
	named := meta.named()
	meta.describe(d)
	state, err := newStateDict(f, meta.graph != "")
	if err != nil {
		return nil, err
	}
	found, err := meta.found(state, d)
	if err != nil {
		return nil, err
	}
	m := &Model{Net: found.Net, Classes: meta.classes, Weights: state.weights(found), Metadata: meta.rest,
		Assumed: found.Assumed, Notes: state.notes}
	if len(found.Unused) > 0 {
		m.Notes = append(m.Notes, fmt.Sprintf("%s: unused, since their inputs do not match any layer", printable.Line(strings.Join(found.Unused[:min(4, len(found.Unused))], ", "))))
	}
	for _, given := range []string{d.Net, meta.name} {
		if given != "" && given != m.Net.Name {
			return nil, fmt.Errorf("declared as %s, but has the tensors of %s", printable.Line(given), m.Net.Name)
		}
	}
	if m.Classes != nil && len(m.Classes) != m.Net.Classes {
		return nil, fmt.Errorf("%d classes named, but the last layer has %d outputs", len(m.Classes), m.Net.Classes)
	}
	if d.Outputs != 0 && d.Outputs != m.Net.Classes {
		return nil, fmt.Errorf("%d classes given, but the last layer has %d outputs", d.Outputs, m.Net.Classes)
	}
	if meta.mean == nil && meta.std == nil {
		meta.mean, meta.std = state.mean, state.std
	}
	switch {
	case d.Mean != nil || d.Std != nil:
		m.Normalized = Given
	case named || meta.none || meta.mean != nil || meta.std != nil:
		m.Normalized = InFile
	}
	if m.Mean, m.Std, err = meta.normalization(m.Net.Input[0]); err != nil {
		return nil, err
	}
	if d.BGR {
		if err := m.fromBGR(); err != nil {
			return nil, err
		}
	}
	return m, m.checkValues()
}

// checkValues returns an error if a weight is not finite or a variance is negative.
func (m *Model) checkValues() error {
	for _, p := range m.Net.Params {
		for _, v := range m.Weights[p.Name].Data {
			if v-v != 0 {
				return fmt.Errorf("%s contains NaN or infinity: use a checkpoint from before training diverged", p.Name)
			}
			if v < 0 && p.Role == nets.RunningVar {
				return fmt.Errorf("%s contains a negative variance", p.Name)
			}
		}
	}
	return nil
}

// Save writes the model as safetensors, atomically.
func (m *Model) Save(path string) error {
	return checkpoints.WriteSafetensors(path, m.file())
}

// file returns the model as a checkpoint.
func (m *Model) file() *checkpoints.File {
	f := &checkpoints.File{Tensors: m.Weights, Metadata: m.metadata()}
	for _, p := range m.Net.Params {
		f.Order = append(f.Order, p.Name)
	}
	return f
}

// Input returns the input shape: channels, height, width.
func (m *Model) Input() (c, h, w int) { return m.Net.Input[0], m.Net.Input[1], m.Net.Input[2] }

// FirstConv returns the name of the first convolution's weights, the default layer of kernel
// smoothing.
func (m *Model) FirstConv() string { return m.Net.FirstConv() }

// Certain reports whether the model is fully specified by a file written here: nothing is assumed,
// given, or described by another program.
func (m *Model) Certain() bool {
	return m.Normalized == InFile && len(m.Assumed) == 0 && m.Net.Described() == nil
}

// HasBatchNorm reports whether the net has batch norm.
func (m *Model) HasBatchNorm() bool { return len(m.Net.Norms) > 0 }

// Params returns the number of trainable parameters.
func (m *Model) Params() int { return m.Net.Size() }

// Clone returns a deep copy.
func (m *Model) Clone() *Model {
	c := *m
	c.Weights = make(map[string]*checkpoints.Tensor, len(m.Weights))
	for name, t := range m.Weights {
		c.Weights[name] = &checkpoints.Tensor{Shape: t.Shape, Data: slices.Clone(t.Data)}
	}
	c.Metadata = make(map[string]string, len(m.Metadata))
	for k, v := range m.Metadata {
		c.Metadata[k] = v
	}
	return &c
}

// images returns the number of values of n images.
func (m *Model) images(n int) int { return n * op.Size(m.Net.Input[:]) }
