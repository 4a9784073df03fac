package train

import (
	"math/rand/v2"

	"hfcui/engine/dataset"
)

// order says which images an epoch trains on, one after the other.
type order struct {
	seed    uint64
	images  int
	classes [][]int // the images of every class that has any, for balancing; nil: none
	largest int     // images of the largest class
}

func newOrder(set dataset.Set, c Config) *order {
	o := &order{seed: c.Seed, images: set.Len()}
	if !c.Balance {
		return o
	}
	byLabel := make([][]int, len(set.Classes()))
	for i := range set.Len() {
		if label := set.Label(i); label >= 0 && label < len(byLabel) {
			byLabel[label] = append(byLabel[label], i)
		}
	}
	for _, images := range byLabel {
		if len(images) > 0 {
			o.classes = append(o.classes, images)
			o.largest = max(o.largest, len(images))
		}
	}
	return o
}

// len is how many images an epoch has.
func (o *order) len() int {
	if o.classes != nil {
		return o.largest * len(o.classes)
	}
	return o.images
}

// epoch gives the images of an epoch, counted from 0.
func (o *order) epoch(epoch int) []int {
	random := stream(o.seed, forOrder, epoch)
	if o.classes == nil {
		return random.Perm(o.images)
	}
	return o.balanced(random)
}

// balanced shows every class as often as the largest ("Label Shuffling"): images sorted by
// class and counted; for every class a random permutation of as many numbers as the largest
// class has images; each number modulo the class's own size selects one of its images; the
// lists of all classes are joined and shuffled.
func (o *order) balanced(random *rand.Rand) []int {
	all := make([]int, 0, o.len())
	for _, images := range o.classes {
		for _, number := range random.Perm(o.largest) {
			all = append(all, images[number%len(images)])
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
