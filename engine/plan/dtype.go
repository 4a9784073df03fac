package plan

import "fmt"

// DType is the kind of numbers a device stores and multiplies images in: [N,C,H,W] arrays
// that are not parameters. Sums, statistics, matrices, weights and their gradients are
// float32 whatever it is.
type DType int

// The data types.
const (
	Float32 DType = iota
	BFloat16
)

var dtypeNames = [...]string{"fp32", "bf16"}

// DTypes lists the names of the data types, the usual one first.
func DTypes() []string { return dtypeNames[:] }

// String returns the data type's name: "fp32" or "bf16".
func (d DType) String() string { return dtypeNames[d] }

// Bytes is what a number takes.
func (d DType) Bytes() int {
	if d == BFloat16 {
		return 2
	}
	return 4
}

// ParseDType gives the data type of that name; "" is the usual one.
func ParseDType(name string) (DType, error) {
	if name == "" {
		return Float32, nil
	}
	for i, n := range dtypeNames {
		if n == name {
			return DType(i), nil
		}
	}
	return 0, fmt.Errorf("unknown data type %q: use %s or %s", name, dtypeNames[0], dtypeNames[1])
}
