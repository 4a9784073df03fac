package train

import (
	"math/rand/v2"

	"hfcui/engine/dataset"
)

// order is the order of the images of an epoch.
type order struct {
	seed    uint64
	images  int
	classes [][]int // images by class, without empty ones, for balancing; nil: no balancing
	largest int     // size of the largest class
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

// len returns the number of images per epoch.
func (o *order) len() int {
	if o.classes != nil {
		return o.largest * len(o.classes)
	}
	return o.images
}

// epoch returns the images of an epoch, counted from 0.
func (o *order) epoch(epoch int) []int {
	random := stream(o.seed, forOrder, epoch)
	if o.classes == nil {
		return random.Perm(o.images)
	}
	return o.balanced(random)
}

// balanced oversamples classes to the size of the largest ("Label Shuffling"): images sorted by
// class and counted; for every class a random permutation of as many numbers as the largest class
// has images; each number modulo the class's size selects one of its images; the lists of all
// classes are concatenated and shuffled.
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
