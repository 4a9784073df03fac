package plan

import (
	"fmt"
	"strings"
)

// DType is the data type in which a device stores and multiplies activations and their
// gradients, [N,C,H,W]. Accumulators, batch-norm statistics, matrices [N,K], weights and weight
// gradients are always float32.
type DType int

// The data types.
const (
	Float32 DType = iota
	// TF32 stores float32. Products round their factors to ten bits of fraction, TensorFloat-32,
	// and add in float32. Devices without it compute in float32, and say so in their Note.
	TF32
	BFloat16
)

var dtypeNames = [...]string{"fp32", "tf32", "bf16"}

// DTypes lists the names of the data types, the default first.
func DTypes() []string { return dtypeNames[:] }

// String returns the data type's name: "fp32", "tf32" or "bf16".
func (d DType) String() string { return dtypeNames[d] }

// Bytes is the size of an element.
func (d DType) Bytes() int {
	if d == BFloat16 {
		return 2
	}
	return 4
}

// ParseDType returns the data type of a name; "" is Float32.
func ParseDType(name string) (DType, error) {
	if name == "" {
		return Float32, nil
	}
	for i, n := range dtypeNames {
		if n == name {
			return DType(i), nil
		}
	}
	last := len(dtypeNames) - 1
	return 0, fmt.Errorf("unknown data type %q: use %s or %s", name, strings.Join(dtypeNames[:last], ", "), dtypeNames[last])
}
