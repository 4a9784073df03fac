package model

// State returns the optimizer's state after all steps begun, by name, e.g. "momentum.conv1.weight".
// The arrays are the trainer's, and valid until the next step; after writing to them call Resume.
func (t *Trainer) State() (map[string][]float32, error) {
	if err := t.learner.ReadState(); err != nil {
		return nil, err
	}
	state := make(map[string][]float32)
	for i, name := range t.training.Rule.State() {
		for _, p := range t.training.Params {
			state[name+"."+p.Name] = p.State[i]
		}
	}
	return state, nil
}

// Resume sets the number of completed steps and reloads the model's weights and the arrays of
// State, which must have been restored.
func (t *Trainer) Resume(steps int) error {
	t.steps = steps
	if err := t.learner.Write(); err != nil {
		return err
	}
	return t.setFixed()
}
