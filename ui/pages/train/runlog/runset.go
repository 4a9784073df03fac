package runlog

// RunSet is a set of runs by index. It is comparable; the zero value is empty.
type RunSet string

// Has reports whether run i is in the set.
func (s RunSet) Has(i int) bool {
	return i >= 0 && i/8 < len(s) && s[i/8]>>(i%8)&1 == 1
}

// With returns the set with run i in it or not.
func (s RunSet) With(i int, in bool) RunSet {
	if i < 0 || s.Has(i) == in {
		return s
	}
	bits := make([]byte, max(len(s), i/8+1))
	copy(bits, s)
	bits[i/8] ^= 1 << (i % 8)
	n := len(bits)
	for n > 0 && bits[n-1] == 0 {
		n--
	}
	return RunSet(bits[:n])
}
