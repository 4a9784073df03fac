package graph

import (
	"strings"
	"testing"
)

// FuzzParse parses arbitrary descriptions: the result is a one-line error, or a graph that survives
// a JSON round trip and whose shape inference does not panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name":"a","input":[3,8,8],"nodes":[` +
		`{"op":"conv","in":["input","w4333","b4"],"out":"0","stride":[1,1],"dilation":[1,1],"pad":[1,1,1,1],"groups":1},` +
		`{"op":"relu","in":["0"],"out":"1"},{"op":"add","in":["0","1"],"out":"2"},` +
		`{"op":"maxpool","in":["2"],"out":"3","size":[3,3],"stride":[2,2],"dilation":[1,1],"pad":[1,1,1,1]},` +
		`{"op":"globalavgpool","in":["3"],"out":"4"},{"op":"linear","in":["4","w54","b5"],"out":"5"}],"output":"5"}`))
	f.Add([]byte(`{"input":[3,8,8],"nodes":[` +
		`{"op":"avgpool","in":["input"],"out":"0","size":[2,2],"stride":[2,2],"dilation":[1,1],"pad":[1,0,1,0],"counted":[1,0,0,0]},` +
		`{"op":"transpose","in":["0"],"out":"1","axes":[0,2,3,1]},{"op":"standardize","in":["1"],"out":"2","axis":3,"epsilon":1e-5},` +
		`{"op":"gather","in":["2"],"out":"3","axis":1,"index":[0,2,1]},{"op":"blend","in":["3"],"out":"4","axis":2,"index":[0,1],"high":[1,2],"weight":[0.5,0.5]},` +
		`{"op":"slice","in":["4"],"out":"5","axis":1,"start":1,"count":2},{"op":"pad","in":["5"],"out":"6","axis":2,"before":1,"after":2,"a":1},` +
		`{"op":"softmax","in":["6"],"out":"7","axis":1},{"op":"sum","in":["7"],"out":"8","axes":[1,2]},{"op":"broadcast","in":["8"],"out":"9","shape":[-1,2,2,3]},` +
		`{"op":"concat","in":["9","9"],"out":"10","axis":1},{"op":"reshape","in":["10"],"out":"11","shape":[-1,24]}],"output":"11"}`))
	f.Add([]byte(`{"input":[1,4,4],"nodes":[{"op":"batchnorm","in":["input","n.weight","n.bias","n.running_mean","n.running_var"],"out":"0","epsilon":1e-5},` +
		`{"op":"clip","in":["0"],"out":"1","a":0,"b":6},{"op":"globalmaxpool","in":["1"],"out":"2"},{"op":"reshape","in":["2"],"out":"3","shape":[-1,1]}],"output":"3"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := Parse(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("error %q is not one line", err)
			}
			return
		}
		written, err := g.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(written); err != nil {
			t.Fatalf("%v in %s", err, written)
		}
		shapes := make(map[string][]int)
		for _, n := range g.Nodes {
			for _, name := range n.In {
				shapes[name] = shapeIn(name)
			}
		}
		if _, err := g.Layers(shapes); err != nil && strings.ContainsAny(err.Error(), "\n\r\x1b") {
			t.Errorf("error %q is not one line", err)
		}
	})
}

// shapeIn decodes a tensor's shape from the digits in its name: w4333 is [4,3,3,3].
func shapeIn(name string) []int {
	shape := []int{}
	for _, r := range name {
		if r >= '0' && r <= '9' && len(shape) < 6 {
			shape = append(shape, int(r-'0'))
		}
	}
	if len(shape) == 0 {
		shape = []int{1}
	}
	return shape
}
