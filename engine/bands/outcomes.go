package bands

import "hfcui/engine/measure"

// Outcomes are, for every image in the order of evaluation, which of its predictions are correct:
// for the whole image and, at every radius, for its low- and its high-pass image. Results of the
// same images, split and radii are paired by it. Copies share memory, which only grows.
type Outcomes struct {
	n, stride int // images, and bytes per image; stride 0 keeps nothing
	bits      []byte
}

// NewOutcomes returns those of images without correct predictions, at a number of radii.
func NewOutcomes(radii, images int) Outcomes {
	stride := (1 + 2*radii + 7) / 8
	return Outcomes{images, stride, make([]byte, images*stride)}
}

// bit is the position of an outcome within an image's bytes; i is the radius's index.
func bit(part Part, i int) (at int, mask byte) {
	k := 0
	if part != Whole {
		k = 2*i + int(part) // Low is 1, High 2
	}
	return k / 8, 1 << (k % 8)
}

// Set notes whether a prediction for an image is correct; i is the radius's index.
func (o *Outcomes) Set(image int, part Part, i int, correct bool) {
	if o.stride == 0 || !correct {
		return
	}
	at, mask := bit(part, i)
	o.bits[image*o.stride+at] |= mask
}

// append adds the images of later rounds; earlier ones do not change.
func (o *Outcomes) append(p Outcomes) {
	o.bits = append(o.bits[:len(o.bits):cap(o.bits)], p.bits...)
	o.n += p.n
}

// Pair compares predictions of two models, for whole images or one of their components at the i-th
// radius, on the images that both have been evaluated on. The radii must be the same; otherwise,
// and without outcomes, there are no pairs.
func (o Outcomes) Pair(p Outcomes, part Part, i int) (pairs measure.Paired) {
	if o.stride != p.stride || o.stride == 0 {
		return measure.Paired{}
	}
	n := min(o.n, p.n)
	at, mask := bit(part, i)
	var counts [4]int
	for k := at; k < n*o.stride; k += o.stride {
		a, b := 0, 0
		if o.bits[k]&mask != 0 {
			a = 2
		}
		if p.bits[k]&mask != 0 {
			b = 1
		}
		counts[a+b]++
	}
	return measure.Paired{Both: counts[3], First: counts[2], Second: counts[1], Neither: counts[0]}
}

// Difference is how the accuracies of two models differ on the same images.
type Difference struct {
	Whole     measure.Paired
	Low, High []measure.Paired // one per radius
}

// Subtract pairs two results of the same images and radii: the first minus the second.
func Subtract(a, b Result) Difference {
	d := Difference{Whole: a.Outcomes.Pair(b.Outcomes, Whole, 0)}
	for i := range a.Radii {
		d.Low = append(d.Low, a.Outcomes.Pair(b.Outcomes, Low, i))
		d.High = append(d.High, a.Outcomes.Pair(b.Outcomes, High, i))
	}
	return d
}
