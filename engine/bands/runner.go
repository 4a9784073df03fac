package bands

import (
	"context"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// runner predicts images and all their components. Its memory is reused from round to round.
type runner struct {
	src        measure.Source
	classifier measure.Classifier
	q          Request
	size       int // numbers in an image
	channels   int
	split      *spectral.Batch
	ranker     *ranker   // for SVD; else nil
	slab       []float32 // the images, then for each radius of a group their low- and high-pass images
	parts      int       // images and components loaded
	low, high  [][]float32
	labels     []int
	ranks      []int // by image, then radius; with a ranker
	wholes     []int // predicted classes of whole images, in a round
	lows       []int // those of low-pass images at the radius being counted, for flips
	logits     []float32

	// Where the classifier's device splits images, the slab has only whole images.
	device     model.Splitting  // nil where it does not
	own        measure.Source   // the images as the device gets them
	resize     *plan.Resize     // which it resizes; nil: they have the input's size
	reader     *spectral.Batch  // of own, in parallel
	components *plan.Components // that it has; nil: they are in the slab
	distances  []plan.Distance  // of low-pass images, by radius, then image
	loaded     []int            // the indices of images

	// The images being loaded, by load.
	ctx     context.Context
	indices []int
	radii   int
	read    func(image int) error
	finish  func(image int) error
}

func newRunner(src measure.Source, c measure.Classifier, q Request) *runner {
	channels, h, w := src.Shape()
	r := &runner{
		src: src, classifier: c, q: q, size: channels * h * w, channels: channels,
		split:  spectral.NewBatch(h, w, max(1, q.Threads)),
		logits: make([]float32, c.Batch()*c.Classes()),
	}
	if q.By == SVD {
		r.ranker = newRanker(h, w, max(1, q.Threads))
	}
	if s, ok := c.(model.Splitting); ok && q.By == Fourier && s.Splits() {
		r.device, r.own, r.reader = s, src, r.split
		if u, ok := src.(dataset.Unresized); ok {
			r.resizeOnDevice(u)
		}
	}
	r.read, r.finish = r.readImage, r.finishImage
	return r
}

// resizeOnDevice has the device resize images, if it may.
func (r *runner) resizeOnDevice(u dataset.Unresized) {
	if m, ok := u.Resampling(); ok {
		c, h, w := m.Shape()
		r.reader = spectral.NewBatch(h, w, max(1, r.q.Threads))
		r.own, r.resize = m.Set, &plan.Resize{C: c, H: h, W: w, Channels: m.Channels, Rows: m.Rows, Columns: m.Columns}
	}
}

// load reads images, and has them split at radii and components normalized, so that part g is the whole
// images (0), or their low-pass (odd) or high-pass (even) images at radius (g-1)/2. again is set for
// other radii of the images loaded last.
func (r *runner) load(ctx context.Context, indices []int, radii []float64, again bool) error {
	r.loaded, r.parts = indices, len(indices)*(1+2*len(radii))
	if r.device == nil {
		return r.loadSlab(ctx, indices, radii)
	}
	c := &plan.Components{Radii: radii, Normalize: r.q.Normalize}
	if again {
		c.Whole = r.components.Whole
	} else {
		if err := r.loadWhole(ctx, indices); err != nil {
			return err
		}
		c.Whole = &plan.Whole{Pixels: r.slab, Resize: r.resize}
	}
	r.components, r.distances = c, measure.Resize(r.distances, len(radii)*len(indices))
	done, err := r.device.Distances(ctx, r.distances, c)
	if !done && err == nil {
		err = r.leaveDevice(ctx)
	}
	return err
}

// loadWhole reads images for the device into the slab, in parallel.
func (r *runner) loadWhole(ctx context.Context, indices []int) error {
	channels, h, w := r.own.Shape()
	size := channels * h * w
	r.slab, r.labels = measure.Resize(r.slab, len(indices)*size), measure.Resize(r.labels, len(indices))
	read := func(image int) error {
		if err := r.q.Yield.Wait(ctx); err != nil {
			return err
		}
		return r.own.ReadBatch(r.slab[image*size:][:size], r.labels[image:image+1], indices[image:image+1])
	}
	return r.reader.SplitEach(nil, nil, r.slab, nil, channels, read, nil)
}

// leaveDevice splits the images loaded last, and those to come, on the host: the device cannot.
func (r *runner) leaveDevice(ctx context.Context) error {
	radii := r.components.Radii
	r.device, r.components = nil, nil
	return r.loadSlab(ctx, r.loaded, radii)
}

// loadSlab is load on the host, into the slab. Threads take images from a common queue.
func (r *runner) loadSlab(ctx context.Context, indices []int, radii []float64) error {
	n := len(indices) * r.size
	r.slab, r.labels = measure.Resize(r.slab, n*(1+2*len(radii))), measure.Resize(r.labels, len(indices))
	r.low, r.high, r.ranks = measure.Resize(r.low, len(radii)), measure.Resize(r.high, len(radii)), measure.Resize(r.ranks, len(indices)*len(radii))
	for i := range radii {
		r.low[i] = r.slab[(1+2*i)*n : (2+2*i)*n]
		r.high[i] = r.slab[(2+2*i)*n : (3+2*i)*n]
	}
	r.ctx, r.indices, r.radii = ctx, indices, len(radii)
	defer func() { r.ctx, r.indices = nil, nil }()
	return r.split.SplitEach(r.low, r.high, r.slab[:n], radii, r.channels, r.read, r.finish)
}

func (r *runner) readImage(image int) error {
	if err := r.q.Yield.Wait(r.ctx); err != nil {
		return err
	}
	return r.src.ReadBatch(r.slab[image*r.size:][:r.size], r.labels[image:image+1], r.indices[image:image+1])
}

// finishImage turns an image's Fourier components into the model's inputs.
func (r *runner) finishImage(image int) error {
	if r.ranker != nil {
		low, high := make([][]float32, r.radii), make([][]float32, r.radii)
		for i := range r.radii {
			low[i], high[i] = r.low[i][image*r.size:][:r.size], r.high[i][image*r.size:][:r.size]
		}
		if err := r.ranker.replace(r.slab[image*r.size:][:r.size], low, high, r.ranks[image*r.radii:][:r.radii]); err != nil {
			return err
		}
	}
	for i := range r.radii {
		r.q.Normalize.Apply(r.low[i][image*r.size:][:r.size])
		r.q.Normalize.Apply(r.high[i][image*r.size:][:r.size])
	}
	return nil
}

// tally is the scores of a round: of whole images and, at every radius, of their components.
type tally struct {
	whole     measure.Score
	low, high []measure.Score
	changes   []Change // if requested
	flips     []FlipCounts
	outcomes  Outcomes
}

// newTally returns a tally of 0 for a number of images and classes.
func newTally(q Request, images, classes int) tally {
	n := len(q.Radii)
	t := tally{low: make([]measure.Score, n), high: make([]measure.Score, n)}
	if q.Changes {
		t.changes = make([]Change, n)
	}
	if q.Outcomes {
		t.flips, t.outcomes = make([]FlipCounts, n), NewOutcomes(n, images)
		for i := range t.flips {
			t.flips[i] = CountFlips(nil, classes)
		}
	}
	return t
}

// round evaluates the images at indices and all their components, counting the last counted
// images of each. It goes through the radii in groups. evaluated is the number of images that
// inference ran on.
func (r *runner) round(ctx context.Context, indices []int, counted, group int) (found tally, evaluated int, err error) {
	found = newTally(r.q, counted, r.classifier.Classes())
	uncounted, skip := len(indices)-counted, 0
	r.wholes, r.lows = measure.Resize(r.wholes, len(indices)), measure.Resize(r.lows, len(indices))
	known := r.q.Clean.get(r.wholes[uncounted:], indices[uncounted:])
	if known {
		skip = 1
	}
	for from := 0; from == 0 || from < len(r.q.Radii); from += group {
		radii := r.q.Radii[from:min(from+group, len(r.q.Radii))]
		if err := r.load(ctx, indices, radii, from > 0); err != nil {
			return found, evaluated, err
		}
		err := r.each(ctx, len(indices), skip, func(part, image, class int) {
			switch {
			case image < uncounted:
			case part == 0:
				r.wholes[image] = class
				r.q.Clean.add(indices[image], class)
			default:
				r.count(&found, from, part, image, image-uncounted, class)
			}
		})
		if err != nil {
			return found, evaluated, err
		}
		if from == 0 {
			for image := uncounted; image < len(indices); image++ {
				right := r.wholes[image] == r.labels[image]
				found.whole.Count(right)
				found.outcomes.Set(image-uncounted, Whole, 0, right)
			}
		}
		evaluated += r.parts - skip*len(indices)
		skip = 1 // whole images are evaluated with the first group
	}
	return found, evaluated, nil
}

// count adds the predicted class of an image's component, in a group that begins at radius
// number from; the image is number at of those counted. Whole images precede all components, and
// an image's low-pass image at a radius its high-pass image.
func (r *runner) count(found *tally, from, part, image, at, class int) {
	i, label := from+(part-1)/2, r.labels[image]
	right := class == label
	if part%2 == 0 {
		found.high[i].Count(right)
		found.outcomes.Set(at, High, i, right)
		if found.flips != nil {
			found.flips[i].Count(Sample{Label: label, Whole: r.wholes[image], Low: r.lows[image], High: class})
		}
		return
	}
	r.lows[image] = class
	found.low[i].Count(right)
	found.outcomes.Set(at, Low, i, right)
	if found.changes != nil {
		found.changes[i].count(label, r.wholes[image], class, func() Distance { return r.distance((part-1)/2, image) })
	}
}

// distance is that of an image's low-pass image at radius number i of those loaded.
func (r *runner) distance(i, image int) Distance {
	if r.components != nil {
		return Distance(r.distances[i*len(r.loaded)+image])
	}
	return Distance(plan.DistanceOf(r.slab[image*r.size:][:r.size], r.low[i][image*r.size:][:r.size]))
}

// infer sets the logits of k of the images and components loaded, from number at on.
func (r *runner) infer(ctx context.Context, at, k int) error {
	logits := r.logits[:k*r.classifier.Classes()]
	if r.components != nil {
		done, err := r.device.ComponentLogits(ctx, logits, r.components, at, k)
		if done || err != nil {
			return err
		}
		if err := r.leaveDevice(ctx); err != nil {
			return err
		}
	}
	return r.classifier.Logits(ctx, logits, r.slab[at*r.size:(at+k)*r.size], k)
}

// each runs inference on what has been loaded from part skip on, n images per part, and reports the
// predicted class of every image. With running statistics a batch may span parts; with batch
// statistics it is exactly one part.
func (r *runner) each(ctx context.Context, n, skip int, report func(part, image, class int)) error {
	total, batch, classes := r.parts, r.classifier.Batch(), r.classifier.Classes()
	if r.q.Statistics == model.BatchStatistics {
		batch = n
	}
	for at := skip * n; at < total; at += batch {
		k := min(batch, total-at)
		if err := r.infer(ctx, at, k); err != nil {
			return err
		}
		for i := range k {
			logits := r.logits[i*classes : (i+1)*classes]
			if err := measure.CheckLogits(logits); err != nil {
				return err
			}
			report((at+i)/n, (at+i)%n, measure.Argmax(logits))
		}
	}
	return nil
}
