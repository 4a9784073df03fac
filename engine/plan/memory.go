package plan

import "slices"

// Arena plans memory by liveness: it assigns every value that instructions compute an offset,
// by Value.ID, in one buffer of total elements; other values have -1. Values share memory only
// if one is dead before the instruction that computes the other, so an instruction's output
// never overlaps its inputs. size is the number of elements a device needs for a value; values
// of size 0 get no offset. Offsets are multiples of 16 elements, a cache line.
func Arena(p *Program, size func(*Value) int) (offsets []int, total int) {
	last := make([]int, len(p.Values))
	for i, in := range p.Instrs {
		for _, v := range in.In {
			last[v.ID] = i
		}
	}
	offsets = make([]int, len(p.Values))
	for i := range offsets {
		offsets[i] = -1
	}
	var free spans
	round := func(v *Value) int { return (size(v) + 15) &^ 15 }
	for i, in := range p.Instrs {
		if n := round(in.Out); n > 0 {
			offsets[in.Out.ID] = free.alloc(n, &total)
		}
		for j, v := range in.In {
			if last[v.ID] == i && !v.Keep && offsets[v.ID] >= 0 && !slices.Contains(in.In[:j], v) {
				free.release(span{offsets[v.ID], round(v)})
			}
		}
	}
	return offsets, total
}

// span is a range of the buffer, in elements.
type span struct{ at, size int }

// spans is the free list: sorted by offset, adjacent spans merged.
type spans []span

// alloc allocates n elements by best fit, or at the buffer's end, which it moves.
func (s *spans) alloc(n int, end *int) int {
	best := -1
	for i, f := range *s {
		if f.size >= n && (best < 0 || f.size < (*s)[best].size) {
			best = i
		}
	}
	if best >= 0 {
		f := &(*s)[best]
		at := f.at
		f.at, f.size = f.at+n, f.size-n
		if f.size == 0 {
			*s = slices.Delete(*s, best, best+1)
		}
		return at
	}
	at := *end
	if k := len(*s); k > 0 && (*s)[k-1].at+(*s)[k-1].size == *end {
		at = (*s)[k-1].at
		*s = (*s)[:k-1]
	}
	*end = at + n
	return at
}

// release returns a span to the free list.
func (s *spans) release(f span) {
	i, _ := slices.BinarySearchFunc(*s, f, func(a, b span) int { return a.at - b.at })
	*s = slices.Insert(*s, i, f)
	if i+1 < len(*s) && f.at+f.size == (*s)[i+1].at {
		(*s)[i].size += (*s)[i+1].size
		*s = slices.Delete(*s, i+1, i+2)
	}
	if i > 0 && (*s)[i-1].at+(*s)[i-1].size == f.at {
		(*s)[i-1].size += (*s)[i].size
		*s = slices.Delete(*s, i, i+1)
	}
}
