package nets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// step is a convolution of a sequential net with its norm and pooling.
type step struct {
	conv, norm *unit
	pool       bool
	stride     int
	pad        int
	fixed      bool // stride and padding are stated by the file
}

// sequential recognizes purely sequential nets: VGG, AlexNet, LeNet and nets written as
// nn.Sequential.
func (r *recognizer) sequential() error {
	var steps []*step
	var linear []*unit
	for i, u := range r.units {
		switch u.kind {
		case convUnit:
			if len(linear) > 0 {
				return unknown("convolution %s follows a linear layer", list([]string{u.name}))
			}
			if n := len(steps); n > 0 && steps[n-1].conv.out != u.in {
				return unknown("%s expects %d input channels, got %d: not a sequential network", list([]string{u.name}), u.in, steps[n-1].conv.out)
			}
			steps = append(steps, r.step(u))
		case normUnit:
			if len(linear) > 0 || steps[len(steps)-1].norm != nil || steps[len(steps)-1].conv.out != u.in {
				return unknown("norm %s does not follow a convolution", list([]string{u.name}))
			}
			steps[len(steps)-1].norm = u
		default:
			if i == 0 {
				return unknown("the first layer is linear")
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

// step returns a step with a convolution, of stride 1 and same padding unless the file states them.
func (r *recognizer) step(u *unit) *step {
	st := &step{conv: u, stride: 1, pad: u.size / 2}
	m := r.modules.byName[u.name]
	if torchClass(m) != "Conv2d" {
		return st
	}
	n, err := convolution(m, u)
	if err == nil && n.Stride[0] > 0 && n.Stride[0] == n.Stride[1] && n.Pad == [4]int{n.Pad[0], n.Pad[0], n.Pad[0], n.Pad[0]} && n.Dilation == square(1) {
		st.stride, st.pad, st.fixed = n.Stride[0], n.Pad[0], true
	}
	return st
}

// sequence is the state of recognizing a sequential net.
type sequence struct {
	*recognizer
	steps  []*step
	linear []*unit
}

// index returns a layer's index in an nn.Sequential; -1 if it is in none.
func index(u *unit) int {
	n, err := strconv.Atoi(u.name[strings.LastIndexByte(u.name, '.')+1:])
	if err != nil {
		return -1
	}
	return n
}

// numbered reports whether all convolutions lie in one nn.Sequential, so that gaps between indices
// are layers without parameters.
func (s sequence) numbered() bool {
	in := parent(s.steps[0].conv.name)
	for _, st := range s.steps {
		if index(st.conv) < 0 || parent(st.conv.name) != in || st.norm != nil && (index(st.norm) != index(st.conv)+1 || parent(st.norm.name) != in) {
			return st.conv.size == 7 && st != s.steps[0] // a linear layer written as a convolution
		}
	}
	return len(s.steps) > 1
}

// last returns the index of the step's last layer with parameters.
func (st *step) last() int {
	if st.norm != nil {
		return index(st.norm)
	}
	return index(st.conv)
}

// features recognizes an nn.Sequential: one layer without parameters between convolutions is an
// activation, two or three include max pooling.
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
			return unknown("%d unknown layers between %s and %s", gap, list([]string{st.conv.name}), list([]string{steps[i+1].conv.name}))
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
		s.assumed.state("stem-stride", "4", "stride of the first convolution")
	}
	file, known := s.filePool()
	if known {
		pool = file
	}
	row := s
	row.steps = steps
	forms := row.fitting(row.numberedForms(len(dense) > 0, pools, wants), pool, wants)
	if len(forms) == 0 {
		return unknown("the linear layer expects %d×%d feature maps, which no common image size yields", wants, wants)
	}
	f := row.choose(forms, &pool, known)
	steps = row.with(f)
	steps[len(steps)-1].pool = f.end
	switch {
	case f.pooling == noPooling:
		pools = 0
	case f.end:
		pools++
	}
	s.defaultInput(f.size, false, "input size inferred from the linear layer and the pooling")
	s.emit(steps, pool, func(i int) string { return feature(index(steps[i].conv)) }, func(i int) string { return feature(index(steps[i].norm)) })
	for i, st := range dense {
		s.layers = append(s.layers, s.conv(st.conv, fmt.Sprint("dense.", 3*i), 1, 0), s.activation())
	}
	if f.global || len(dense) > 0 {
		s.layers = append(s.layers, globalPoolLayer{})
	} else {
		s.layers = append(s.layers, flattenLayer{s.linear[0].in})
	}
	s.title = s.name(len(steps), pools)
	return s.linears(s.linear, "classifier")
}

// side returns height and width of the feature map that the first layer after the features expects;
// 0 if it is not square.
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

// numberedForms lists the forms of an nn.Sequential, whose indices limit where it pools. After the
// last convolution it may pool if the linear layer lies in another module or leaves a gap.
func (s sequence) numberedForms(dense bool, pools, wants int) []form {
	sizes := []int{32, 224, 28, 64, 96, 128, 48, 256, 299, 227}
	if s.input != [3]int{} {
		sizes = []int{s.input[1]}
	}
	ends := []bool{true, false}
	last := s.steps[len(s.steps)-1]
	if same := !dense && len(s.linear) > 0 && parent(s.linear[0].name) == parent(last.conv.name); same {
		// The gap has an activation, pooling and flattening, possibly global pooling.
		if gap := index(s.linear[0]) - last.last() - 1; gap < 3 || gap == 3 && wants == 1 {
			ends = []bool{false}
		}
	}
	poolings := []string{"max", noPooling}
	if pools == 0 && !ends[0] {
		poolings = poolings[1:]
	}
	paddings := []string{"same", "none"}
	if s.steps[0].fixed || s.steps[0].stride != 1 {
		paddings = paddings[:1]
	}
	var forms []form
	for _, strides := range s.stridings() {
		for _, padding := range paddings {
			for _, pooling := range poolings {
				for _, size := range sizes {
					for _, end := range ends {
						if !end || pooling != noPooling {
							forms = append(forms, form{pooling: pooling, strides: strides, padding: padding, end: end, size: size})
						}
					}
				}
			}
		}
	}
	return forms
}

// emit adds the layers of the steps.
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

// small recognizes a few individually named convolutions, as in LeNet and tutorials: pooling and
// padding are inferred from the size of the first linear layer.
func (s sequence) small() error {
	width := s.steps[len(s.steps)-1].conv.out
	wants := s.side(width, nil)
	if wants == 0 {
		return unknown("%s expects %d features, not a square feature map of %d channels", list([]string{s.linear[0].name}), s.linear[0].in, width)
	}
	sizes := []int{32, 28, 64, 224}
	if s.steps[0].conv.in == 1 {
		sizes = []int{28, 32, 64}
	}
	if s.input != [3]int{} {
		sizes = []int{s.input[1]}
	}
	pool := poolLayer{true, 2, 2, 0}
	file, known := s.filePool()
	if known {
		pool = file
	}
	forms := s.fitting(s.smallForms(sizes), pool, wants)
	if len(forms) == 0 {
		return unknown("%s expects %d features, which no common image size yields", list([]string{s.linear[0].name}), s.linear[0].in)
	}
	f := s.choose(forms, &pool, known)
	s.defaultInput(f.size, false, "input size inferred from the first linear layer")
	s.emit(s.with(f), pool, func(i int) string { return fmt.Sprint("conv", i+1) }, func(i int) string { return fmt.Sprint("bn", i+1) })
	if f.global {
		s.layers = append(s.layers, globalPoolLayer{})
	} else {
		s.layers = append(s.layers, flattenLayer{s.linear[0].in})
	}
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

// smallForms lists the forms of a few convolutions: pooling after each, after the last, or never.
func (s sequence) smallForms(sizes []int) []form {
	paddings := []string{"none", "same"}
	if s.steps[0].fixed {
		paddings = paddings[1:]
	}
	for _, st := range s.steps {
		st.pool = true
	}
	var forms []form
	for _, strides := range s.stridings() {
		for _, size := range sizes {
			for _, pooling := range []string{"max", "max" + lastOnly, noPooling} {
				for _, padding := range paddings {
					forms = append(forms, form{pooling: pooling, strides: strides, padding: padding, size: size})
				}
			}
		}
	}
	return forms
}

// name returns the net's descriptive name.
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
