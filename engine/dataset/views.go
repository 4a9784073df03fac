package dataset

// Subset returns the first n images of a set, or the set if it has no more. Prefixes of shapes are
// balanced; other sets have their publishers' order.
func Subset(s Set, n int) Set {
	if n >= s.Len() {
		return s
	}
	return &subset{Set: s, n: max(n, 0)}
}

type subset struct {
	Set
	n int
}

func (s *subset) Len() int { return s.n }

func (s *subset) check(i int) {
	if i >= s.n {
		panic("dataset: index beyond the subset")
	}
}

func (s *subset) Label(i int) int {
	s.check(i)
	return s.Set.Label(i)
}

func (s *subset) Title(i int) string {
	s.check(i)
	return s.Set.Title(i)
}

func (s *subset) Image(i int) (*Image, error) {
	s.check(i)
	return s.Set.Image(i)
}

func (s *subset) ReadBatch(dst []float32, labels []int, indices []int) error {
	for _, i := range indices {
		s.check(i)
	}
	return s.Set.ReadBatch(dst, labels, indices)
}

// Shuffled returns the set with its labels permuted by a seed, the paper's label shuffling: class
// counts stay, but labels are independent of images.
func Shuffled(s Set, seed uint64) Set {
	r := shapesStream(mix64(seed), 0)
	labels := make([]int, s.Len())
	for i := range labels {
		labels[i] = s.Label(i)
	}
	for i := len(labels) - 1; i > 0; i-- {
		j := r.below(i + 1)
		labels[i], labels[j] = labels[j], labels[i]
	}
	return Relabeled(s, labels)
}

// Relabeled returns the set with other labels, one per image.
func Relabeled(s Set, labels []int) Set {
	if len(labels) != s.Len() {
		panic("dataset: Relabeled: number of labels differs from that of images")
	}
	return &relabeled{Set: s, labels: labels}
}

type relabeled struct {
	Set
	labels []int
}

func (s *relabeled) Label(i int) int { return s.labels[i] }

func (s *relabeled) ReadBatch(dst []float32, labels []int, indices []int) error {
	if err := s.Set.ReadBatch(dst, nil, indices); err != nil {
		return err
	}
	if labels != nil {
		checkBatch(dst, labels, indices, len(dst)/max(len(indices), 1))
		for k, i := range indices {
			labels[k] = s.labels[i]
		}
	}
	return nil
}
