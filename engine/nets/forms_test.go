package nets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/nets"
)

// numbered returns an nn.Sequential with 3×3 convolutions at these indices, and a linear layer.
func numbered(width, linear, last int, at ...int) *names {
	n := new(names)
	in := 3
	for i, index := range at {
		n.add(fmt.Sprintf("%d.weight", index), width<<i, in, 3, 3)
		n.add(fmt.Sprintf("%d.bias", index), width<<i)
		in = width << i
	}
	n.linear(fmt.Sprint(last), 10, linear)
	return n
}

// TestForms: what the tensors of a sequential net leave open is assumed, with options that all fit
// the linear layer; a linear layer that fits no image size is an error.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		what    string
		n       *names
		assumed []string
	}{
		{"strides alone", numbered(8, 16*8*8, 5, 0, 2), []string{"strides=2-2"}},
		{"pooling or a stride", numbered(8, 16*16*16, 6, 0, 3), []string{"pooling=max, or none, average", "strides=1-1, or 1-2, 2-1"}},
		{"mean over positions", numbered(8, 16, 6, 0, 2), []string{"strides=1-2, or 1-1", "conv-padding=same, or none"}},
		{"no padding", numbered(8, 16*13*13, 6, 0, 3), []string{"pooling=max, or none, average", "conv-padding=none"}},
	} {
		f, err := nets.Identify(*c.n, [3]int{3, 32, 32}, nil)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		for _, want := range c.assumed {
			key, _, _ := strings.Cut(want, "=")
			at := slices.IndexFunc(f.Assumed, func(a nets.Assumption) bool { return a.Key == key })
			if at < 0 || !strings.HasPrefix(f.Assumed[at].Text(), want) {
				t.Errorf("%s: no %s in %v", c.what, want, f.Assumed)
				continue
			}
			seen := map[string]bool{}
			for _, value := range append([]string{f.Assumed[at].Value}, f.Assumed[at].Others...) {
				g, err := nets.Identify(*c.n, [3]int{3, 32, 32}, nets.Choices{key: value})
				if err != nil {
					t.Errorf("%s: %s=%s: %v", c.what, key, value, err)
					continue
				}
				if text := text(t, g.Net.Described()); seen[text] {
					t.Errorf("%s: %s=%s and another option yield the same net", c.what, key, value)
				} else {
					seen[text] = true
				}
			}
		}
	}
	if f, err := nets.Identify(*numbered(8, 16*11*11, 5, 0, 2), [3]int{3, 32, 32}, nil); err == nil || !strings.Contains(err.Error(), "ONNX") {
		t.Errorf("11×11 positions of 32×32: %v, %v", f, err)
	}
}
