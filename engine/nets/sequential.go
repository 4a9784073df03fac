package nets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// step is a convolution of a sequential net with what follows it.
type step struct {
	conv, norm *unit
	pool       bool
	stride     int
	pad        int
}

// sequential recognizes nets whose layers follow one another: VGGs, AlexNet, LeNets and nets
// written as nn.Sequential.
func (r *recognizer) sequential() error {
	var steps []*step
	var linear []*unit
	for i, u := range r.units {
		switch u.kind {
		case convUnit:
			if len(linear) > 0 {
				return unknown("%s, a convolution, follows a linear layer", list([]string{u.name}))
			}
			if n := len(steps); n > 0 && steps[n-1].conv.out != u.in {
				return unknown("%s takes %d channels and gets %d: layers are not in a row", list([]string{u.name}), u.in, steps[n-1].conv.out)
			}
			steps = append(steps, &step{conv: u, stride: 1, pad: u.size / 2})
		case normUnit:
			if len(linear) > 0 || steps[len(steps)-1].norm != nil || steps[len(steps)-1].conv.out != u.in {
				return unknown("%s, a norm, does not follow a convolution", list([]string{u.name}))
			}
			steps[len(steps)-1].norm = u
		default:
			if i == 0 {
				return unknown("it begins with a linear layer")
			}
			linear = append(linear, u)
		}
	}
	s := sequence{r, steps, linear}
	if !s.numbered() {
		return s.small()
	}
	return s.features()
}

// sequence is a net whose layers follow one another.
type sequence struct {
	*recognizer
	steps  []*step
	linear []*unit
}

// index is a layer's number in an nn.Sequential, -1 if it is in none.
func index(u *unit) int {
	n, err := strconv.Atoi(u.name[strings.LastIndexByte(u.name, '.')+1:])
	if err != nil {
		return -1
	}
	return n
}

// numbered reports whether all convolutions lie in one nn.Sequential, whose gaps tell where
// it has layers without parameters.
func (s sequence) numbered() bool {
	in := parent(s.steps[0].conv.name)
	for _, st := range s.steps {
		if index(st.conv) < 0 || parent(st.conv.name) != in || st.norm != nil && (index(st.norm) != index(st.conv)+1 || parent(st.norm.name) != in) {
			return st.conv.size == 7 && st != s.steps[0] // a linear layer written as a convolution
		}
	}
	return len(s.steps) > 1
}

// last is the number of the step's last layer with parameters.
func (st *step) last() int {
	if st.norm != nil {
		return index(st.norm)
	}
	return index(st.conv)
}

// features reads an nn.Sequential: what lies between a convolution and the next is an
// activation and, where there are two layers or more, max pooling.
func (s sequence) features() error {
	steps := s.steps
	tail := slices.IndexFunc(steps, func(st *step) bool { return parent(st.conv.name) != parent(steps[0].conv.name) })
	var dense []*step // linear layers written as convolutions
	if tail > 0 {
		steps, dense = steps[:tail], steps[tail:]
	}
	pools := 0
	for i, st := range steps[:len(steps)-1] {
		gap := index(steps[i+1].conv) - st.last() - 1
		if gap < 1 || gap > 3 {
			return unknown("%d layers lie between %s and %s", gap, list([]string{st.conv.name}), list([]string{steps[i+1].conv.name}))
		}
		if st.pool = gap > 1; st.pool {
			pools++
		}
	}
	first := steps[0]
	pool := poolLayer{true, 2, 2, 0}
	wants := s.side(steps[len(steps)-1].conv.out, dense)
	if first.conv.size == 11 { // AlexNet
		first.stride, first.pad = 4, 2
		if pool = (poolLayer{true, 3, 2, 0}); wants == 1 {
			first.pad, pool = 5, poolLayer{true, 2, 2, 0}
		}
		s.assumed.state("stem-stride", "4", "of the first convolution")
	}
	end, size, global := ending(steps, pool, wants, s.input)
	if size == 0 {
		return unknown("its linear layer takes %d×%d positions, which no usual image size gives", wants, wants)
	}
	if end {
		steps[len(steps)-1].pool = true
		pools++
	}
	s.defaultInput(size, false, "which the linear layer and the pooling make likely")
	s.assumed.state(Pooling, fmt.Sprintf("max, %d×%d, %d times", pool.size, pool.size, pools), "where the numbering leaves room for it")
	s.emit(steps, pool, func(i int) string { return feature(index(steps[i].conv)) }, func(i int) string { return feature(index(steps[i].norm)) })
	for i, st := range dense {
		s.layers = append(s.layers, s.conv(st.conv, fmt.Sprint("dense.", 3*i), 1, 0), s.activation())
	}
	if global || len(dense) > 0 {
		s.layers = append(s.layers, globalPoolLayer{})
	} else {
		s.layers = append(s.layers, flattenLayer{s.linear[0].in})
	}
	s.title = s.name(len(steps), pools)
	return s.linears(s.linear, "classifier")
}

// side is how many positions each way the first layer after the features takes; 0 if its
// size is no square of them.
func (s sequence) side(width int, dense []*step) int {
	if len(dense) > 0 {
		return dense[0].conv.size
	}
	if len(s.linear) == 0 {
		return 0
	}
	for side := 1; side*side*width <= s.linear[0].in; side++ {
		if side*side*width == s.linear[0].in {
			return side
		}
	}
	return 0
}

// ending finds out whether pooling follows the last convolution, and the image size, so that
// the given number of positions remain; global reports that the mean over positions is taken.
func ending(steps []*step, pool poolLayer, wants int, known [3]int) (end bool, size int, global bool) {
	sizes := []int{32, 224, 28, 64, 96, 128, 48, 256, 299, 227}
	if known != [3]int{} {
		sizes = []int{known[1]}
	}
	for _, size := range sizes {
		for _, end := range []bool{true, false} {
			if side(steps, pool, size, end) == wants && wants > 0 {
				return end, size, false
			}
		}
	}
	if wants == 1 && side(steps, pool, sizes[0], true) >= 1 {
		return true, sizes[0], true
	}
	return false, 0, false
}

// side is what is left of an image's side behind the steps; 0 if nothing is.
func side(steps []*step, pool poolLayer, size int, end bool) int {
	for i, st := range steps {
		size = (size+2*st.pad-st.conv.size)/st.stride + 1
		if st.pool || end && i == len(steps)-1 {
			size = (size+2*pool.pad-pool.size)/pool.stride + 1
		}
		if size < 1 {
			return 0
		}
	}
	return size
}

// emit builds the steps.
func (s sequence) emit(steps []*step, pool poolLayer, conv, norm func(i int) string) {
	for i, st := range steps {
		s.layers = append(s.layers, s.conv(st.conv, conv(i), st.stride, st.pad))
		if st.norm != nil {
			s.layers = append(s.layers, s.norm(st.norm, norm(i)))
		}
		s.layers = append(s.layers, s.activation())
		if st.pool {
			s.layers = append(s.layers, pool)
		}
	}
}

// small reads a net of a few convolutions under names of their own, as LeNets and examples
// have them: where they pool and pad, the first linear layer's size tells.
func (s sequence) small() error {
	width := s.steps[len(s.steps)-1].conv.out
	wants := s.side(width, nil)
	if wants == 0 {
		return unknown("%s takes %d features, no square of positions of the %d channels before it", list([]string{s.linear[0].name}), s.linear[0].in, width)
	}
	sizes := []int{32, 28, 64, 224}
	if s.steps[0].conv.in == 1 {
		sizes = []int{28, 32, 64}
	}
	if s.input != [3]int{} {
		sizes = []int{s.input[1]}
	}
	type form struct {
		same  bool
		every bool
	}
	for _, size := range sizes {
		for _, f := range []form{{false, true}, {true, true}, {false, false}, {true, false}} {
			for i, st := range s.steps {
				st.pool, st.pad = f.every || i == len(s.steps)-1, 0
				if f.same {
					st.pad = st.conv.size / 2
				}
			}
			if side(s.steps, poolLayer{true, 2, 2, 0}, size, false) != wants {
				continue
			}
			s.defaultInput(size, false, "which the first linear layer makes likely")
			pool := poolLayer{true, 2, 2, 0}
			if s.assumed.ask(Pooling, "2×2 after convolutions", "max", "average") == "average" {
				pool.max = false
			}
			s.emit(s.steps, pool, func(i int) string { return fmt.Sprint("conv", i+1) }, func(i int) string { return fmt.Sprint("bn", i+1) })
			s.layers = append(s.layers, flattenLayer{s.linear[0].in})
			s.title = fmt.Sprintf("cnn%d", len(s.steps)+len(s.linear))
			for i, u := range s.linear {
				if i > 0 {
					s.layers = append(s.layers, s.activation())
				}
				name := fmt.Sprint("fc", i+1)
				s.rename(u, name)
				s.layers = append(s.layers, linearLayer{name})
			}
			return nil
		}
	}
	return unknown("%s takes %d features, which its convolutions give for no usual image size", list([]string{s.linear[0].name}), s.linear[0].in)
}

// name is what the net is called.
func (s sequence) name(convs, pools int) string {
	text := fmt.Sprint("cnn", convs+len(s.linear))
	if s.steps[0].conv.size == 11 {
		text = "alexnet-stem11"
	} else if pools == 5 && convs >= 8 {
		text = fmt.Sprint("vgg", convs+3)
	}
	if s.steps[0].norm == nil {
		text += "-nobn"
	}
	if len(s.linear) > 1 {
		text += fmt.Sprintf("-%dlinear", len(s.linear))
	}
	return text
}
