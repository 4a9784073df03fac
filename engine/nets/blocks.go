package nets

import (
	"slices"
	"strings"
)

// block is a residual block of a state dict.
type block struct {
	root  string // its module
	stage string // the module of its stage
	convs []*unit
	norms []*unit
	// short and shortNorm are the shortcut's; nil if it has no weights.
	short, shortNorm *unit
	gate             []*unit // squeeze-and-excitation: reduction and expansion
}

// in returns the number of input channels.
func (b *block) in() int {
	if first := b.convs[0]; first.in > 1 || first.size == 1 {
		return first.in
	}
	return b.convs[0].out // depthwise
}

// inputsOf returns the number of input channels of a convolution of the block.
func (b *block) inputsOf(i int) int {
	if i == 0 {
		return b.in()
	}
	return b.convs[i-1].out
}
func (b *block) out() int { return b.convs[len(b.convs)-1].out }

// spatial returns the convolution that may be strided: the first that is not 1×1.
func (b *block) spatial() *unit {
	for _, c := range b.convs {
		if c.size > 1 {
			return c
		}
	}
	return b.convs[0]
}

// blocks finds the innermost modules with at least two convolutions, except the one with the
// first convolution.
func (r *recognizer) blocks() []*block {
	convs := map[string]int{} // number of convolutions by module
	var first *unit
	for _, u := range r.units {
		if u.kind != convUnit || u.gate {
			continue
		}
		if first == nil {
			first = u
		}
		for m := parent(u.name); m != ""; m = parent(m) {
			convs[m]++
		}
	}
	var roots []string
	for m, n := range convs {
		inner := slices.ContainsFunc(r.units, func(u *unit) bool {
			return u.kind == convUnit && !u.gate && inside(u.name, m) && parent(u.name) != m && r.holdsTwo(convs, parent(u.name), m)
		})
		if n > 1 && !inner && !inside(first.name, m) {
			roots = append(roots, m)
		}
	}
	roots = withShortcuts(roots, convs)
	var blocks []*block
	of := map[string]*block{}
	for _, u := range r.units {
		at := slices.IndexFunc(roots, func(m string) bool { return inside(u.name, m) })
		if at < 0 {
			continue
		}
		b := of[roots[at]]
		if b == nil {
			b = &block{root: roots[at], stage: parent(roots[at])}
			of[b.root] = b
			blocks = append(blocks, b)
		}
		switch {
		case u.gate:
			b.gate = append(b.gate, u)
		case u.kind == convUnit:
			b.convs = append(b.convs, u)
		default:
			b.norms = append(b.norms, u)
		}
	}
	return blocks
}

// markGates finds squeeze-and-excitation (Hu et al. 2018): two linear layers or 1×1 convolutions
// without norms that reduce and expand the channels.
func (r *recognizer) markGates() {
	for i := range len(r.units) - 1 {
		a, b := r.units[i], r.units[i+1]
		words := strings.ToLower(a.name)
		named := a.bias && b.bias || strings.Contains(words, ".se") || strings.Contains(words, "squeeze") || strings.Contains(words, "excit")
		small := a.kind == linearUnit || a.kind == convUnit && a.size == 1 && b.size == 1 && named
		if a.kind == b.kind && small && a.in == b.out && a.out == b.in && 2*a.out <= a.in && i+2 < len(r.units) && parent(a.name) != "" {
			a.gate, b.gate = true, true
		}
	}
}

// holdsTwo reports whether m or a module around it, inside limit, has at least two convolutions.
func (r *recognizer) holdsTwo(convs map[string]int, m, limit string) bool {
	for ; m != limit && m != ""; m = parent(m) {
		if convs[m] > 1 {
			return true
		}
	}
	return false
}

// withShortcuts replaces a block by its parent module if that has one convolution more, the
// shortcut's, and does so too for blocks of the same name without a shortcut convolution.
func withShortcuts(roots []string, convs map[string]int) []string {
	leaf := func(m string) string { return m[strings.LastIndexByte(m, '.')+1:] }
	wrapped := map[string]bool{}
	for _, m := range roots {
		if p := parent(m); p != "" && convs[p] == convs[m]+1 {
			wrapped[leaf(m)] = true
		}
	}
	out := make([]string, 0, len(roots))
	for _, m := range roots {
		p := parent(m)
		numbered := strings.Trim(leaf(m), "0123456789") == ""
		inNumbered := p != "" && strings.Trim(leaf(p), "0123456789") == ""
		switch {
		case p != "" && convs[p] == convs[m]+1,
			wrapped[leaf(m)] && p != "" && convs[p] == convs[m],
			!numbered && inNumbered && convs[p] == convs[m]:
			m = p
		}
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// shortcutWords are parts of common names of shortcut modules.
var shortcutWords = []string{"short", "down", "skip", "proj", "ident", "match", "residual_conv", "res_conv", "bypass"}

func onShortcut(u *unit, root string) bool {
	name := strings.ToLower(u.under(root))
	return slices.ContainsFunc(shortcutWords, func(w string) bool { return strings.Contains(name, w) })
}

// groups returns the number of groups of a convolution of that many channels; 0 if none fits.
func (u *unit) groups(channels int) int {
	if g := channels / u.in; g*u.in == channels && u.out%g == 0 {
		return g
	}
	return 0
}

// separate finds the shortcut's convolution and norm among those of the block, such that the
// others form a chain. It returns an error if there is no such choice. Grouped convolutions
// are considered only if ungrouped ones do not fit.
func (b *block) separate() error {
	grouped := false
	try := func(short int) bool {
		main := b.convs
		if short >= 0 {
			main = slices.Delete(slices.Clone(b.convs), short, short+1)
		}
		if len(main) < 1 {
			return false
		}
		for i := 1; i < len(main); i++ {
			if main[i].in != main[i-1].out && !(grouped && main[i].groups(main[i-1].out) > 0) {
				return false
			}
		}
		if short >= 0 && (b.convs[short].in != main[0].in || b.convs[short].out != main[len(main)-1].out) {
			return false
		}
		if short >= 0 {
			b.short = b.convs[short]
		}
		b.convs = main
		return true
	}
	order := []int{-1}
	for i := len(b.convs) - 1; i >= 0; i-- {
		if onShortcut(b.convs[i], b.root) {
			order = []int{i}
			break
		}
		order = append(order, i)
	}
	fit := slices.ContainsFunc(order, try)
	if !fit {
		grouped = true
		fit = slices.ContainsFunc(order, try)
	}
	if !fit {
		return unknown("the convolutions of %s do not form a residual block", list([]string{b.root}))
	}
	if b.short == nil {
		return nil
	}
	around := parent(b.short.name)
	for i, n := range b.norms {
		if around != b.root && parent(n.name) == around || onShortcut(n, b.root) {
			b.shortNorm = n
			b.norms = slices.Delete(slices.Clone(b.norms), i, i+1)
			break
		}
	}
	return nil
}

// fits reports whether the block's norms fit the outputs of its convolutions (post) and
// their inputs (pre).
func (b *block) fits() (post, pre bool) {
	post, pre = len(b.norms) == len(b.convs), len(b.norms) == len(b.convs)
	for i, n := range b.norms {
		if i < len(b.convs) {
			post = post && n.in == b.convs[i].out
			pre = pre && n.in == b.inputsOf(i)
		}
	}
	return post, pre
}
