package nets

import (
	"fmt"
	"slices"
	"strings"
)

// denseGroup is one module of a DenseNet (Huang et al. 2017): a dense layer or a transition.
type denseGroup struct {
	root         string
	convs, norms []*unit
}

// grows reports whether g is a dense layer, i.e. ends with a 3×3 convolution.
func (g *denseGroup) grows() bool { return g.convs[len(g.convs)-1].size > 1 }

// growth returns the number of output channels.
func (g *denseGroup) growth() int { return g.convs[len(g.convs)-1].out }

// groupDense groups units by module into dense layers and transitions; around are the units before
// and after them.
func (r *recognizer) groupDense() (layers, transitions []*denseGroup, around []*unit) {
	var all []*denseGroup
	of := map[string]*denseGroup{}
	for _, u := range r.units {
		if u.kind == linearUnit {
			continue
		}
		root := parent(u.name)
		g := of[root]
		if g == nil {
			g = &denseGroup{root: root}
			of[root] = g
			all = append(all, g)
		}
		if u.kind == convUnit {
			g.convs = append(g.convs, u)
		} else {
			g.norms = append(g.norms, u)
		}
	}
	for _, g := range all {
		fit := len(g.convs) == len(g.norms) && len(g.convs) > 0 && len(g.convs) <= 2
		for i := range g.convs {
			fit = fit && g.norms[i].in == g.convs[i].in && (i == 0 || g.convs[i].in == g.convs[i-1].out)
		}
		switch {
		case !fit || g.root == "":
			around = append(append(around, g.convs...), g.norms...)
		case g.grows():
			layers = append(layers, g)
		default:
			transitions = append(transitions, g)
		}
	}
	return layers, transitions, around
}

// dense reports whether most layers are dense layers with the same growth rate, each with the
// input channels and the growth of the one before as input.
func (r *recognizer) dense() bool {
	layers, _, _ := r.groupDense()
	follow := 0
	for i := 1; i < len(layers); i++ {
		before := layers[i-1]
		if layers[i].growth() != before.growth() {
			return false
		}
		if layers[i].convs[0].in == before.convs[0].in+before.growth() {
			follow++
		}
	}
	return len(layers) > 3 && 2*follow > len(layers)
}

// densenet recognizes DenseNets.
func (r *recognizer) densenet() error {
	layers, transitions, around := r.groupDense()
	var linear, norms []*unit
	var stem *unit
	for _, u := range around {
		switch {
		case u.kind == normUnit:
			norms = append(norms, u)
		case stem != nil:
			return unknown("nearest: DenseNet, but %s is neither in a dense layer nor the first convolution", list([]string{u.name}))
		default:
			stem = u
		}
	}
	for _, u := range r.units {
		if u.kind == linearUnit {
			linear = append(linear, u)
		}
	}
	if stem == nil {
		return unknown("nearest: DenseNet, but no convolution precedes the dense layers")
	}
	large := stem.size == 7
	stride := 1
	if large {
		stride = 2
	}
	r.layers = append(r.layers, r.conv(stem, "conv1", stride, stem.size/2))
	if len(norms) == 2 { // the second one follows the last dense layer
		at := slices.IndexFunc(norms, func(u *unit) bool { return u.in == stem.out })
		if at < 0 {
			return unknown("nearest: DenseNet, but %s follows no convolution", list([]string{norms[0].name}))
		}
		r.layers = append(r.layers, r.norm(norms[at], "bn1"), r.activation())
		norms = slices.Delete(norms, at, at+1)
	}
	pools := []string{"none", "max"}
	if large {
		pools = []string{"max", "none"}
	}
	if r.assumed.ask(StemPool, "pooling after the first convolution", pools...) == "max" {
		r.layers = append(r.layers, poolLayer{true, 3, 2, 1})
	}
	width, err := r.denseBlocks(layers, transitions, stem.out)
	if err != nil {
		return err
	}
	if len(norms) != 1 || norms[0].in != width || len(linear) == 0 || linear[0].in != width {
		return unknown("nearest: DenseNet, but no norm and linear layer of %d channels follow the dense layers", width)
	}
	r.layers = append(r.layers, r.norm(norms[0], "bn"), r.activation(), globalPoolLayer{})
	if large {
		r.defaultInput(224, true, "typical input size for a first convolution of stride 2")
	}
	r.defaultInput(32, true, "input size; the weights fit several")
	r.title = fmt.Sprintf("densenet%d-k%d", len(layers)*len(layers[0].convs)+len(transitions)+2, layers[0].growth())
	return r.linears(linear, "fc")
}

// denseBlocks adds the dense layers, with a transition wherever input channels do not match, and
// returns the number of output channels.
func (r *recognizer) denseBlocks(layers, transitions []*denseGroup, width int) (int, error) {
	orders := []string{"old-first", "new-first"}
	if root := layers[0].root; strings.HasPrefix(root, "dense") && !strings.HasPrefix(root, "denseblock") { // kuangliu's pytorch-cifar
		slices.Reverse(orders)
	}
	first := r.assumed.ask(Concat, "concatenation order of a dense layer: its input or its new channels first", orders...) == "new-first"
	for i, l := range layers {
		for l.convs[0].in != width {
			at := slices.IndexFunc(transitions, func(t *denseGroup) bool { return len(t.convs) == 1 && t.convs[0].in == width })
			if at < 0 {
				return 0, unknown("nearest: DenseNet, but %s expects %d input channels, got %d", list([]string{l.root}), l.convs[0].in, width)
			}
			t := transitions[at]
			name := fmt.Sprint("trans", i)
			r.layers = append(r.layers, r.norm(t.norms[0], name+".bn"), r.activation(), r.conv(t.convs[0], name+".conv", 1, 0), poolLayer{false, 2, 2, 0})
			transitions = slices.Delete(slices.Clone(transitions), at, at+1)
			width = t.convs[0].out
		}
		d := denseLayer{first: first}
		for k, c := range l.convs {
			name := fmt.Sprintf("dense%d.", i+1)
			d.layers = append(d.layers, r.norm(l.norms[k], fmt.Sprint(name, "bn", k+1)), r.activation(), r.conv(c, fmt.Sprint(name, "conv", k+1), 1, c.size/2))
		}
		r.layers = append(r.layers, d)
		width += l.growth()
	}
	return width, nil
}
