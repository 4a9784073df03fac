package measure

import "testing"

// labels is a Source of which only labels are used.
type labels []int

func (l labels) Len() int                                { return len(l) }
func (l labels) Shape() (c, h, w int)                    { return 1, 1, 1 }
func (l labels) Label(i int) int                         { return l[i] }
func (l labels) ReadBatch([]float32, []int, []int) error { return nil }

// shuffled returns n unsorted labels of four classes.
func shuffled(n int) labels {
	l := make(labels, n)
	for i := range l {
		l[i] = i * 3 % 4
	}
	return l
}

func TestOrderMixesSortedClasses(t *testing.T) {
	src := shuffled(100)
	if at := Order(src, 50); at[7] != 7 {
		t.Errorf("data not sorted by class should keep its order, got %v", at[:10])
	}
	for i := range src {
		src[i] = i / 25
	}
	at := Order(src, 100)
	seen, classes := map[int]bool{}, map[int]bool{}
	for k, i := range at {
		seen[i] = true
		if k < 8 {
			classes[src[i]] = true
		}
	}
	if len(seen) != 100 || len(classes) != 4 {
		t.Errorf("%d different images, %d classes among the first 8", len(seen), len(classes))
	}
}

func TestBatchOf(t *testing.T) {
	src := shuffled(25)
	for i, want := range map[int][3]int{0: {0, 9, 10}, 9: {0, 9, 10}, 10: {10, 19, 10}, 19: {10, 19, 10}, 20: {15, 24, 5}, 24: {15, 24, 5}} {
		if got, counted := BatchOf(src, i, 10); len(got) != 10 || got[0] != want[0] || got[9] != want[1] || counted != want[2] {
			t.Errorf("image %d is measured with %v (%d), want %v", i, got, counted, want)
		}
	}
}
