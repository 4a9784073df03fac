// Package view splits images of a dataset for display and predicts each together with its
// low-pass and high-pass image.
package view

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/lru"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// Request asks for one image, split at radius R.
type Request struct {
	Index int
	R     float64 // cutoff radius in cycles per image
	By    bands.Decomposition
	bands.Setting
}

// View is one image split at one radius, with predictions. It is read-only: views of the same
// image share memory.
type View struct {
	Request
	Title string // file name or "test 17", safe to print
	Label int    // -1 where unknown
	// Pictures are the whole image and its components, by bands.Part, at the image's own size.
	// They are neither clipped nor scaled: pixels of the whole image lie in [0,1], those of the
	// low-pass image near it, those of the high-pass image around 0.
	Pictures [3]dataset.Image
	// Spectrum is log(1+|F|) with the zero frequency in the center, averaged over channels and
	// scaled to [0,1]; same height and width as the pictures.
	Spectrum []float32
	// Singular are, by SVD, the singular values of the picture, largest first: root mean squares over
	// channels.
	Singular []float64
	// MaxR is the radius past the corner of the pictures' Fourier plane.
	MaxR float64
	// Kept of Total coefficients are in the low-pass picture: frequencies or, by SVD, singular
	// values, whose number is the rank.
	Kept, Total int
	// EnergyLow and EnergyHigh are the fractions of the energy in the two components, without
	// that of the mean; by SVD, which does not separate the mean, including it.
	EnergyLow, EnergyHigh float64
	// Matched is, by SVD, the fraction that the Fourier component at R has, including the mean.
	Matched float64
	// SeenKept of SeenTotal coefficients are in the low-pass image at the model's input size.
	SeenKept, SeenTotal int
	Predictions         [3]measure.Prediction // by bands.Part
	Split, Infer        time.Duration         // time spent on splitting and on inference
}

// Right reports whether the prediction for p is the label; false where the label is unknown.
func (v *View) Right(p bands.Part) bool { return v.Label >= 0 && v.Predictions[p].Class == v.Label }

// Flip reports whether the image is one of the paper's Fig. 2: correct on the whole and the
// high-pass image, wrong on the low-pass image.
func (v *View) Flip() bool {
	return v.Right(bands.Whole) && v.Right(bands.High) && !v.Right(bands.Low)
}

// recentCount is the number of images kept open: one for each of a few viewers of the same
// data, and the neighbors they step to.
const recentCount = 4

// Images are the images of a split, for display at their own size and for inference at the
// model's input size. Images viewed recently are kept with their transforms, so that moving r
// costs no more than an inverse transform. It is safe for concurrent use.
type Images struct {
	Set    dataset.Set // at their own size
	Inputs dataset.Set // at the model's input size
	recent *lru.Cache[int, *openImage]
}

// NewImages returns the images of a set for models with input [c,h,w].
func NewImages(set dataset.Set, c, h, w int) *Images {
	return &Images{Set: set, Inputs: dataset.Resized(set, c, h, w), recent: lru.New[int, *openImage](recentCount)}
}

// Check returns an error unless there is an image of that index in the split of data of a name.
func (s *Images) Check(index int, data, split string) error {
	if index < 0 || index >= s.Set.Len() {
		return fmt.Errorf("image %d: %s has images 0 to %d in its %s split", index, data, s.Set.Len()-1, split)
	}
	return nil
}

// Programs returns a classifier for batches of a size. Batches with batch statistics have
// exactly that size.
type Programs func(batch int, s model.Statistics) (measure.Classifier, error)

// View splits one image at a radius and predicts it and its components. The components the
// model predicts are split at its input size; larger pictures are split at theirs for display,
// with the same meaning of r: cycles per image along each axis. By SVD pictures are reduced to
// svdSide first; each size has the rank that matches r there. The Label is not set.
func (s *Images) View(ctx context.Context, q Request, programs Programs, threads int) (*View, error) {
	v := &View{Request: q, Title: s.Set.Title(q.Index), Label: -1}
	im, err := s.open(ctx, v, true)
	if err != nil {
		return nil, err
	}
	return v, s.infer(ctx, v, im, programs, threads)
}

// Predict returns the predictions of a View without its pictures, e.g. those of another model.
func (s *Images) Predict(ctx context.Context, q Request, programs Programs, threads int) (list [3]measure.Prediction, err error) {
	v := &View{Request: q}
	im, err := s.open(ctx, v, false)
	if err != nil {
		return list, err
	}
	err = s.infer(ctx, v, im, programs, threads)
	return v.Predictions, err
}

// open opens the image of v, and splits its pictures if they are wanted.
func (s *Images) open(ctx context.Context, v *View, pictures bool) (*openImage, error) {
	im, _ := s.recent.GetOrMake(v.Index, func() (*openImage, error) { return &openImage{}, nil })
	im.mu.Lock()
	defer im.mu.Unlock()
	if err := im.open(s, v.Index); err != nil {
		return nil, err
	}
	started := time.Now()
	if pictures {
		if err := im.fill(ctx, v); err != nil {
			return nil, err
		}
	}
	v.Split = time.Since(started)
	return im, ctx.Err()
}

// infer sets the predictions of v for its image and the components at the model's input size.
func (s *Images) infer(ctx context.Context, v *View, im *openImage, programs Programs, threads int) error {
	started, before := time.Now(), v.Split
	err := s.predict(ctx, v, im, programs, threads)
	v.Infer = time.Since(started) - (v.Split - before)
	return err
}

func (s *Images) predict(ctx context.Context, v *View, im *openImage, programs Programs, threads int) error {
	if v.Statistics == model.BatchStatistics {
		if _, err := im.inputs(ctx, v); err != nil { // what is seen
			return err
		}
		return s.predictInBatch(ctx, v, programs, threads)
	}
	c, err := programs(Batch, model.RunningStatistics)
	if err != nil {
		return err
	}
	logits := make([]float32, 3*c.Classes())
	done, err := v.predictOnDevice(ctx, im, c, logits)
	if err != nil {
		return err
	}
	if !done {
		x, err := im.inputs(ctx, v)
		if err != nil {
			return err
		}
		if err := c.Logits(ctx, logits, x, 3); err != nil {
			return err
		}
	}
	if err := measure.CheckLogits(logits); err != nil {
		return err
	}
	for part := range v.Predictions {
		v.Predictions[part] = measure.NewPrediction(logits[part*c.Classes() : (part+1)*c.Classes()])
	}
	return nil
}

// predictOnDevice sets the logits of the image and its components if the device splits it, which keeps
// the image: a new radius needs only that.
func (v *View) predictOnDevice(ctx context.Context, im *openImage, c measure.Classifier, logits []float32) (bool, error) {
	s, ok := c.(model.Splitting)
	if !ok || v.By != bands.Fourier || !s.Splits() {
		return false, nil
	}
	v.SeenKept, v.SeenTotal = spectral.Kept(im.input.H, im.input.W, v.R), im.input.H*im.input.W
	return s.ComponentLogits(ctx, logits, &plan.Components{Whole: im.whole, Radii: []float64{v.R}, Normalize: v.Normalize}, 0, Batch)
}

// Batch is the size of a view's batch with running statistics: whole, low and high.
const Batch = 3

// predictInBatch runs inference with batch statistics: those of the batch in which the image
// is evaluated when all images are.
func (s *Images) predictInBatch(ctx context.Context, v *View, programs Programs, threads int) error {
	indices, _ := measure.BatchOf(s.Inputs, v.Index, min(measure.StatisticsBatch, s.Inputs.Len()))
	c, err := programs(len(indices), model.BatchStatistics)
	if err != nil {
		return err
	}
	q := bands.Request{Radii: []float64{v.R}, Normalize: v.Normalize, Statistics: v.Statistics, By: v.By, Threads: threads}
	return bands.LogitsOf(ctx, s.Inputs, c, q, indices, slices.Index(indices, v.Index), func(part int, logits []float32) {
		v.Predictions[part] = measure.NewPrediction(logits)
	})
}
