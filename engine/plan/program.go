package plan

import (
	"fmt"
	"slices"

	"hfcui/engine/op"
)

// Program is a list of instructions in topological order.
type Program struct {
	Values  []*Value          // by ID
	Instrs  []*Instr          // in execution order
	Outputs map[string]*Value // readable after a run, by name
}

// Kind is the source of a value.
type Kind int

// The kinds of values.
const (
	Input    Kind = iota // set before every run
	Param                // set once, and again when it changes
	Constant             // fixed: Value.Data
	Temp                 // computed by an instruction
)

// String returns the kind's name.
func (k Kind) String() string { return [...]string{"input", "param", "constant", "temp"}[k] }

// Value is one array of a program. Its host layout is op's: row-major, images NCHW, weights
// OIHW.
type Value struct {
	ID    int    // index in Program.Values
	Name  string // of inputs, parameters and outputs; else ""
	Shape []int  // empty for scalars
	Kind  Kind
	Keep  bool      // an output: its memory is not reused before the next run
	Data  []float32 // of constants
}

// Size is the number of elements.
func (v *Value) Size() int { return op.Size(v.Shape) }

// String describes v for errors and listings.
func (v *Value) String() string {
	name := v.Name
	if name == "" {
		name = fmt.Sprint("#", v.ID)
	}
	return fmt.Sprintf("%s %s %v", v.Kind, name, v.Shape)
}

// Instr computes Out from In.
type Instr struct {
	Op  op.Op
	In  []*Value
	Out *Value
}

// Find returns the value of a kind and name, or an error that lists the names of that kind.
func (p *Program) Find(kind Kind, name string) (*Value, error) {
	var names []string
	for _, v := range p.Values {
		if v.Kind == kind {
			if v.Name == name {
				return v, nil
			}
			names = append(names, v.Name)
		}
	}
	return nil, fmt.Errorf("the program has no %s %q (it has %q)", kind, name, names)
}

// Output returns the output of a name, or an error that lists the outputs.
func (p *Program) Output(name string) (*Value, error) {
	if v := p.Outputs[name]; v != nil {
		return v, nil
	}
	names := make([]string, 0, len(p.Outputs))
	for n := range p.Outputs {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("the program has no output %q (it has %q)", name, names)
}

// NotSet returns an error that names the first input or parameter that has not been set; nil if
// all have.
func (p *Program) NotSet(set func(*Value) bool) error {
	for _, v := range p.Values {
		if (v.Kind == Input || v.Kind == Param) && !set(v) {
			return fmt.Errorf("%s has not been set", v)
		}
	}
	return nil
}

// Check verifies that IDs are indices, instructions are in topological order and shapes match:
// the invariants that devices rely on and rewriting passes keep.
func (p *Program) Check() error {
	made := make(map[*Value]bool)
	for i, v := range p.Values {
		if v.ID != i {
			return fmt.Errorf("value %d has ID %d", i, v.ID)
		}
		made[v] = v.Kind != Temp
	}
	for i, in := range p.Instrs {
		shapes := make([][]int, len(in.In))
		for j, v := range in.In {
			if !made[v] {
				return fmt.Errorf("instruction %d, %s, reads %s before it is computed", i, op.Name(in.Op), v)
			}
			shapes[j] = v.Shape
		}
		shape, err := op.Check(in.Op, shapes)
		if err != nil {
			return err
		}
		if made[in.Out] || !slices.Equal(shape, in.Out.Shape) {
			return fmt.Errorf("instruction %d, %s, cannot compute %s", i, op.Name(in.Op), in.Out)
		}
		made[in.Out] = true
	}
	for name, v := range p.Outputs {
		if !made[v] || !v.Keep {
			return fmt.Errorf("output %q is not computed or not kept", name)
		}
	}
	return nil
}
