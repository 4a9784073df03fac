package model

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
	"hfcui/engine/nets"
	"hfcui/engine/printable"
)

// An alternative replaces the current assumption if the expected means of its batch-norm inputs
// are closer to the running means, by this factor and by this absolute amount.
const (
	nearer   = 0.6
	nearerBy = 0.02
	// A non-default activation must explain almost all of the running means: otherwise it would
	// compensate for the error that sums of correlated branches leave.
	activationNearer, activationExplained = 0.3, 0.05
	// explained is the largest residual, as a fraction of the running means' mean square, at which
	// they are informative: it is larger before training, or if weights were changed after it.
	explained = 0.25
)

// evidence is the reason given for assuming a non-default value.
const evidence = "inferred from batch-norm statistics"

// recognize is identify, with assumptions resolved from batch-norm statistics where possible.
func (s *stateDict) recognize(input [3]int, given nets.Choices) (*nets.Found, error) {
	found, err := s.identify(input, given)
	if err != nil || len(found.Net.Norms) == 0 {
		return found, err
	}
	t := trial{state: s, choices: nets.Choices{}, input: found.Net.Input}
	maps.Copy(t.choices, given)
	for _, a := range found.Assumed {
		if len(a.Others) > 0 && a.Key != nets.InputSize {
			t.choices[a.Key] = a.Value
		}
	}
	changed := t.settle(found.Assumed)
	s.noteMismatch(t.best)
	if len(changed) == 0 {
		return found, nil
	}
	final := nets.Choices{}
	maps.Copy(final, given)
	for _, key := range changed {
		final[key] = t.choices[key]
	}
	if slices.Contains(changed, nets.InputSize) {
		input = t.input
		delete(final, nets.InputSize)
	}
	settled, err := s.identify(input, final)
	if err != nil {
		return nil, err
	}
	for i := range settled.Assumed {
		if a := &settled.Assumed[i]; slices.Contains(changed, a.Key) {
			a.Given, a.Evidence = false, evidence
		}
	}
	for _, a := range found.Assumed { // the input size is known now
		if a.Key == nets.InputSize && slices.Contains(changed, a.Key) {
			others := slices.DeleteFunc(append([]string{a.Value}, a.Others...), func(o string) bool { return o == t.choices[a.Key] })
			a.Value, a.Others, a.Evidence = t.choices[a.Key], others, evidence
			settled.Assumed = append(settled.Assumed, a)
		}
	}
	return settled, nil
}

// noteMismatch adds a note if the running statistics do not match those expected of the network.
func (s *stateDict) noteMismatch(d deviations) {
	if len(d) == 0 || d.sum(nil) < max(2*explained*d.running(), 0.1*float64(len(d))) {
		return
	}
	worst, most := "", 0.0
	for _, norm := range slices.Sorted(maps.Keys(d)) {
		if e := meanSquare(d[norm].Deviation, nil); e > most {
			worst, most = norm, e
		}
	}
	s.notes = append(s.notes, fmt.Sprintf("batch-norm statistics do not match the network (worst at %s): check the assumptions, or export the model to ONNX", printable.Line(worst)))
}

// trial compares candidate networks for the same tensors.
type trial struct {
	state   *stateDict
	choices nets.Choices // current assumptions
	input   [3]int
	best    deviations // with these
}

// settle tries the other options of every assumption, repeats after a change, and returns the
// keys of changed assumptions.
func (t *trial) settle(assumed []nets.Assumption) []string {
	var changed []string
	var err error
	if t.best, err = t.deviations(t.choices, t.input); err != nil || len(t.best) == 0 {
		return nil
	}
	for again := true; again && len(changed) <= len(assumed); {
		again = false
		for _, a := range assumed {
			for _, option := range a.Others {
				if a.Given || option == t.choices[a.Key] {
					continue
				}
				choices, input := maps.Clone(t.choices), t.input
				better := func(a, b deviations) bool { return closer(a, b, nearer, explained) }
				switch choices[a.Key] = option; a.Key {
				case nets.Activation:
					better = func(a, b deviations) bool { return closer(a, b, activationNearer, activationExplained) }
				case nets.InputSize:
					if _, err := fmt.Sscanf(option, "%dx%dx%d", &input[0], &input[1], &input[2]); err != nil {
						continue
					}
					delete(choices, a.Key)
					better = likelier
				}
				deviations, err := t.deviations(choices, input)
				if err != nil || !better(deviations, t.best) {
					continue
				}
				t.choices, t.input, t.best = choices, input, deviations
				t.choices[a.Key] = option
				if !slices.Contains(changed, a.Key) {
					changed, again = append(changed, a.Key), true
				}
			}
		}
	}
	return changed
}

// deviations are the differences of expected from running batch-norm means, by the norms' names.
type deviations map[string]graph.Expectation

var errFamily = errors.New("a built-in architecture has no graph")

func (t *trial) deviations(choices nets.Choices, input [3]int) (deviations, error) {
	choices = maps.Clone(choices)
	delete(choices, nets.InputSize)
	found, err := t.state.identify(input, choices)
	if err != nil {
		return nil, err
	}
	g := found.Net.Described()
	if g == nil {
		return nil, errFamily
	}
	read := reader(t.state.weights(found))
	var best deviations
	for _, peak := range []float64{0.4, 0.7, 1} { // the correlation of neighbors is unknown
		expected, err := g.Expectations(read, peak)
		if err != nil {
			return nil, err
		}
		d := make(deviations, len(expected))
		for _, e := range expected {
			d[e.Norm] = e
		}
		if best == nil || d.sum(nil) < best.sum(nil) {
			best = d
		}
		if !slices.ContainsFunc(g.Nodes, func(n graph.Node) bool { return n.Op == "maxpool" }) {
			break
		}
	}
	return best, nil
}

// reader adapts weights to graph.Expectations.
func reader(weights map[string]*checkpoints.Tensor) func(string) ([]int, []float32) {
	return func(name string) ([]int, []float32) {
		if w := weights[name]; w != nil {
			return w.Shape, w.Data
		}
		return nil, nil
	}
}

// sum returns the sum over norms of the mean square of d − from; from may be nil.
func (d deviations) sum(from deviations) float64 {
	total := 0.0
	for norm, e := range d {
		total += meanSquare(e.Deviation, from[norm].Deviation)
	}
	return total
}

// running returns the sum over norms of the mean square of running means.
func (d deviations) running() float64 {
	total := 0.0
	for _, e := range d {
		total += e.Running
	}
	return total
}

// meanSquare averages over channels with known values; from may be nil. Each channel is clipped
// at two standard deviations, since some are dead.
func meanSquare(values, from []float64) float64 {
	sum, n := 0.0, 0
	for c, v := range values {
		if c < len(from) {
			v -= from[c]
		}
		if v == v {
			sum += min(v*v, 4)
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// closer reports whether a is below factor × b, over the norms where they differ, and below a
// share of the running means.
func closer(a, b deviations, factor, share float64) bool {
	var sumA, sumB, running float64
	for norm, e := range a {
		other, both := b[norm]
		if x, y := meanSquare(e.Deviation, nil), meanSquare(other.Deviation, nil); both && math.Abs(x-y) > 1e-3 {
			sumA, sumB, running = sumA+x, sumB+y, running+e.Running
		}
	}
	return sumA < factor*sumB && sumB-sumA > nearerBy && sumA < share*running
}

// likelier reports whether a is closer than b and they differ enough. It compares image sizes, which
// affect only borders: other errors are equal.
func likelier(a, b deviations) bool {
	apart := a.sum(b)
	return apart > 0.003 && a.sum(nil) < min(b.sum(nil), explained*a.running())
}
