package model

// State returns the optimizer's state by name, e.g. "momentum.conv1.weight". The arrays alias the
// trainer's; after writing to them call Resume.
func (t *Trainer) State() map[string][]float32 {
	state := make(map[string][]float32)
	for i, name := range t.rule.State() {
		for _, p := range t.params {
			state[name+"."+p.name] = p.state[i]
		}
	}
	return state
}

// Resume sets the number of completed steps and reloads the model's weights and the arrays of
// State, which must have been restored.
func (t *Trainer) Resume(steps int) error {
	t.steps = steps
	if err := t.model.SetParams(t.exe, BatchStatistics); err != nil {
		return err
	}
	return t.model.setStatistics(t.exe, t.frozen)
}
