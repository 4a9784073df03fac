package nets

import (
	"errors"

	"hfcui/checkpoints"
)

// OpenAssumptions lists the assumptions that Choices can override for the net recognized from
// the tensors and, for a pickled model, its modules.
func OpenAssumptions(tensors []NamedShape, whole []checkpoints.Module, input [3]int) ([]Assumption, error) {
	units, err := unitsOf(tensors)
	if err != nil {
		return nil, err
	}
	f, err := newRecognizer(units, whole, input, nil).fromModules()
	if errors.Is(err, errOpen) {
		f, err = newRecognizer(units, whole, input, nil).recognize()
	}
	if err != nil {
		return nil, err
	}
	return f.Assumed, nil
}
