package nets_test

import (
	"strings"
	"testing"

	"hfcui/engine/nets"
)

// FuzzRecognize replaces one tensor's shape in a file and removes another tensor: the result is a
// net that can be built, or a one-line error.
func FuzzRecognize(f *testing.F) {
	f.Add(uint8(0), "conv1.weight", 0, 3, 3, 3, "fc.bias")
	f.Add(uint8(0), "layer1.1.conv1.weight", 4, 4, 3, 3, "layer3.0.conv1.weight")
	f.Add(uint8(1), "features.25.weight", 1<<62, 1<<62, 3, 3, "features.1.running_mean")
	f.Add(uint8(2), "classifier.1.weight", -1, 0, 0, 0, "features.6.bias")
	f.Add(uint8(3), "fc1.weight", 120, 256, 1, 1, "\x1b[2J")
	f.Fuzz(func(t *testing.T, net uint8, name string, a, b, c, d int, removed string) {
		names := []string{"resnet8-w4", "vgg11", "alexnet", "lenet5", "preact-resnet8-w4", "preact-resnet8-w4-nobn", "resnet8-w4-nobn", "vgg11-nobn", "alexnet-bn", "lenet5-bn"}
		s := shapes(t, names[int(net)%len(names)], [3]int{3, 32, 32}, 10)
		s[name] = []int{a, b, c, d}[:max(len(s[name]), 1)]
		delete(s, removed)
		n, err := nets.Recognize(s, [3]int{})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q", err)
			}
			return
		}
		if _, _, err := n.Graph(nets.Build{Batch: 1}); err != nil {
			t.Error(err)
		}
	})
}
