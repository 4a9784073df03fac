package nets

import (
	"fmt"
	"slices"
	"strings"
)

// form is a choice of what the tensors of a sequential net leave open: pooling, strides and
// padding.
type form struct {
	pooling string // max, average, max-last, average-last, none
	strides []int
	padding string // same, none
	end     bool   // pool after the last convolution
	global  bool   // global average pooling
	size    int    // height and width of images
}

const (
	noPooling  = "none"
	lastOnly   = "-last" // pool after the last convolution only
	mostForms  = 6       // maximum options of an assumption
	fullSearch = 4       // maximum convolutions for which all strides are tried
)

func (f form) strideText() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(f.strides), " ", "-"), "[]")
}

// openKeys are the assumptions that a form consists of.
var openKeys = []struct {
	key, meaning string
	of           func(form) string
}{
	{Pooling, "between convolutions", func(f form) string { return f.pooling }},
	{Strides, "of the convolutions", form.strideText},
	{ConvPadding, "of convolutions: same size, or none", func(f form) string { return f.padding }},
}

// left returns height and width of a form's last feature map; 0 if it is impossible, e.g. a
// stride on a single pixel.
func (s sequence) left(f form, pool poolLayer) int {
	size := f.size
	for i, st := range s.with(f) {
		if st.stride > 1 && size < 2 {
			return 0
		}
		size = (size+2*st.pad-st.conv.size)/st.stride + 1
		if st.pool || f.end && i == len(s.steps)-1 {
			size = (size+2*pool.pad-pool.size)/pool.stride + 1
		}
		if size < 1 {
			return 0
		}
	}
	return size
}

// with returns the steps with the form's settings.
func (s sequence) with(f form) []*step {
	steps := make([]*step, len(s.steps))
	for i, st := range s.steps {
		c := *st
		c.stride = f.strides[i]
		if f.padding == "none" && !st.fixed {
			c.pad = 0
		}
		switch {
		case f.pooling == noPooling:
			c.pool = false
		case strings.HasSuffix(f.pooling, lastOnly):
			c.pool = i == len(s.steps)-1
		}
		steps[i] = &c
	}
	return steps
}

// stridings lists the strides to try, common ones first: without pooling, 2 where the channels
// increase.
func (s sequence) stridings() [][]int {
	n := len(s.steps)
	own, grow, both, all, first := make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n)
	fixed, pooled := false, false
	for i, st := range s.steps {
		fixed, pooled = fixed || st.fixed || st.stride != 1, pooled || st.pool
		own[i], grow[i], both[i], all[i], first[i] = st.stride, 1, 1, 2, 1
		if i > 0 && st.conv.out > s.steps[i-1].conv.out {
			grow[i], both[i] = 2, 2
		}
	}
	if fixed {
		return [][]int{own}
	}
	both[0], first[0] = 2, 2
	list := [][]int{own, grow, both, first, all}
	if !pooled {
		list[0], list[1] = grow, own
	}
	for bits := range 1 << n {
		if n > fullSearch {
			break
		}
		c := make([]int, n)
		for i := range c {
			c[i] = 1 + bits>>i&1
		}
		list = append(list, c)
	}
	var distinct [][]int
	for _, l := range list {
		if !slices.ContainsFunc(distinct, func(d []int) bool { return slices.Equal(d, l) }) {
			distinct = append(distinct, l)
		}
	}
	return distinct
}

// fitting keeps the forms with a last feature map of wants×wants, as the first linear layer expects.
// For 1×1, global average pooling is considered unless a form with default strides and padding fits.
func (s sequence) fitting(forms []form, pool poolLayer, wants int) []form {
	var exact, all []form
	usual := false
	for _, f := range forms {
		switch n := s.left(f, pool); {
		case n == wants && wants > 0:
			exact, all = append(exact, f), append(all, f)
			usual = usual || f.padding == forms[0].padding && slices.Equal(f.strides, forms[0].strides)
		case n > 1 && wants == 1:
			f.global = true
			all = append(all, f)
		}
	}
	if usual {
		return exact
	}
	return all
}

// choose returns the first form consistent with the given choices, and states what differs in other
// forms for the same image size. Max or average pooling is open unless known.
func (s sequence) choose(forms []form, pool *poolLayer, known bool) form {
	for _, f := range slices.Clone(forms) {
		if strings.HasPrefix(f.pooling, "max") && (!known || !pool.max) {
			f.pooling = strings.Replace(f.pooling, "max", "average", 1)
			forms = append(forms, f)
		}
	}
	if known {
		fits := slices.DeleteFunc(slices.Clone(forms), func(f form) bool { return f.pooling == noPooling || strings.HasPrefix(f.pooling, "max") != pool.max })
		if len(fits) > 0 {
			forms = fits
		}
	}
	left := forms
	for _, k := range openKeys {
		kept := slices.DeleteFunc(slices.Clone(left), func(f form) bool { return k.of(f) != s.assumed.given[k.key] })
		if len(kept) > 0 {
			left = kept
		}
	}
	chosen, usual := left[0], form{pooling: noPooling, padding: "same"}
	for _, st := range s.steps {
		usual.strides = append(usual.strides, st.stride)
	}
	for _, k := range openKeys {
		options := []string{k.of(chosen)}
		for _, f := range forms {
			if value := k.of(f); f.size == chosen.size && len(options) < mostForms && !slices.Contains(options, value) {
				options = append(options, value)
			}
		}
		switch {
		case len(options) > 1 || s.assumed.given[k.key] != "":
			s.assumed.ask(k.key, k.meaning, options...)
		case known && k.key == Pooling:
			s.assumed.known(k.key, options[0], k.meaning, fromFile)
		case !s.steps[0].fixed && options[0] != k.of(usual):
			s.assumed.known(k.key, options[0], k.meaning, "implied by the linear layer")
		}
	}
	pool.max = !strings.HasPrefix(chosen.pooling, "average")
	return chosen
}
