package nets

// OpenAssumptions lists what can be said of the net that tensors are recognized as, by Choices:
// what is assumed of it where it is told by the roles of its tensors alone.
func OpenAssumptions(tensors []NamedShape, input [3]int) ([]Assumption, error) {
	units, err := unitsOf(tensors)
	if err != nil {
		return nil, err
	}
	r := &recognizer{units: units, names: map[string]string{}, shapes: Shapes{}, input: input}
	f, err := r.recognize()
	if err != nil {
		return nil, err
	}
	return f.Assumed, nil
}
