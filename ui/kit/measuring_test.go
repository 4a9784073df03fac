package kit

import (
	"context"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// The share done is of all measurements: it does not fall as work passes from one to another.
func TestShareOfAllMeasurements(t *testing.T) {
	m := Measuring[string, int]{
		Name: "curves",
		Begin: func(func(context.Context, func(tea.Msg)) tea.Msg) (*Job, tea.Cmd) {
			return &Job{Cancel: func() {}}, nil
		},
		Work:   func(string, int) func(context.Context, func(int)) (int, error) { return nil },
		Limits: func() []int { return []int{10, 100} },
		Enough: func(r, limit int) bool { return r >= limit },
		Empty:  func(r int) bool { return r == 0 },
		On:     true,
	}
	share := func() float64 {
		return m.Jobs(func(_ string, r, _ int) JobInfo { return JobInfo{Share: float64(r) / 100, Count: "images"} })[0].Share
	}
	m.Want("a", "b")
	before := 0.0
	for _, step := range []struct {
		key  string
		n    int
		want float64
	}{{"a", 10, 0.05}, {"b", 10, 0.1}, {"a", 100, 0.55}, {"b", 60, 0.8}} {
		m.learn(step.key, step.n)
		m.Run()
		if got := share(); got < before || got-step.want > 1e-9 || step.want-got > 1e-9 {
			t.Errorf("after %d of %s: %v, want %v", step.n, step.key, got, step.want)
		}
		before = share()
	}
}
