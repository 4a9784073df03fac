package model

// State is what the optimizer keeps from step to step, by name, such as
// "momentum.conv1.weight". The arrays are the trainer's own: who keeps them copies them,
// who writes to them calls Resume before the next step.
func (t *Trainer) State() map[string][]float32 {
	state := make(map[string][]float32)
	for i, name := range t.rule.State() {
		for _, p := range t.params {
			state[name+"."+p.name] = p.state[i]
		}
	}
	return state
}

// Resume makes the trainer go on as if it had made so many steps, after the model's
// weights and the arrays of State were set to what they were then.
func (t *Trainer) Resume(steps int) error {
	t.steps = steps
	return t.model.SetParams(t.exe, BatchStatistics)
}
