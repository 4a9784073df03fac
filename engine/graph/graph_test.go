package graph

import (
	"strings"
	"testing"
)

// TestCheck: invalid descriptions are rejected with an error that states the reason.
func TestCheck(t *testing.T) {
	conv := `{"op":"conv","in":["input","w"],"out":"0","stride":[1,1],"dilation":[1,1],"groups":1}`
	for _, c := range []struct{ text, want string }{
		{`{`, "JSON"},
		{`{"nodes":[],"output":"0"}`, "0 nodes"},
		{`{"nodes":[{"op":"shout","in":["input"],"out":"0"}],"output":"0"}`, `unknown operator "shout"`},
		{`{"nodes":[{"op":"conv","in":["input"],"out":"0"}],"output":"0"}`, "1 inputs"},
		{`{"nodes":[` + conv + `,` + conv + `],"output":"0"}`, "redefines"},
		{`{"nodes":[` + conv + `],"output":"1"}`, "output"},
		{`{"nodes":[{"op":"relu","in":["input"],"out":"input"}],"output":"input"}`, "redefines"},
		{`{"nodes":[{"op":"relu","in":["\u001b"],"out":"0"}],"output":"0"}`, "input or output"},
		{`{"nodes":[{"op":"reshape","in":["input"],"out":"0","shape":[99999999999]}],"output":"0"}`, "attribute of"},
		{`{"nodes":[{"op":"reshape","in":["input"],"out":"0","shape":[1,1,1,1,1,1,1,1,1]}],"output":"0"}`, "too long"},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that contains %q", c.text, err, c.want)
		}
	}
}

// TestShapes: nodes whose attributes or inputs do not fit are errors, never panics.
func TestShapes(t *testing.T) {
	for name := range kinds {
		for _, axis := range []int{-1, 0, 1, 3, 4, 100} {
			for inputs := range 6 {
				s := NewShapes(2, [3]int{3, 8, 8})
				s.Tensor("t", []int{4, 3, 3, 3})
				n := Node{Op: name, Out: "0", Axis: axis, Axes: []int{axis}, Index: []int{axis}, High: []int{1}, Start: axis, Count: axis, Shape: []int{axis}, Groups: axis}
				for i := range inputs {
					n.In = append(n.In, []string{"input", "t", "t", "t", "t", "t"}[i])
				}
				if shape, err := s.Add(&n); err == nil && elements(shape) < 0 {
					t.Errorf("%s with axis %d: shape %v, want an error", name, axis, shape)
				}
			}
		}
	}
}
