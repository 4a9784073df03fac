package nets

import (
	"errors"

	"hfcui/checkpoints"
)

// OpenAssumptions lists what can be said of the net that tensors are recognized as, by Choices:
// what is assumed of it where it is told by the roles of its tensors and, of a whole model, by its
// modules.
func OpenAssumptions(tensors []NamedShape, whole []checkpoints.Module, input [3]int) ([]Assumption, error) {
	units, err := unitsOf(tensors)
	if err != nil {
		return nil, err
	}
	f, err := newRecognizer(units, whole, input, nil).exactly()
	if errors.Is(err, errOpen) {
		f, err = newRecognizer(units, whole, input, nil).recognize()
	}
	if err != nil {
		return nil, err
	}
	return f.Assumed, nil
}
