// Package predict classifies image files.
package predict

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

const (
	maxBatch   = 32
	topClasses = 5 // classes in a prediction
)

// Request says which image files to classify.
type Request struct {
	Images    []string // paths
	Part      bands.Part
	R         float64 // cutoff radius of a low- or high-pass image
	Smoothing model.Smoothing
	Fit       dataset.Fit // to the model's input; "": dataset.Crop
	Threads   int         // for splitting; at least 1
}

// Prediction is the most probable classes of one file, in descending order.
type Prediction struct {
	Image string   `json:"image"` // the path as given
	Part  string   `json:"part"`
	R     *float64 `json:"r"` // null for the whole image
	Top   []Class  `json:"top"`
	// Orientation is the EXIF orientation that the image was turned from; 0 if it was not.
	Orientation int `json:"orientation,omitempty"`
}

// Class is a class and its probability.
type Class struct {
	Class string  `json:"class"`
	P     float64 `json:"p"`
}

// Files classifies image files, or their low- or high-pass images. Images of another size than
// the model's input are resized before they are split.
func Files(ctx context.Context, m *model.Model, device plan.Device, q Request) (out []Prediction, err error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	if q.Smoothing.Rho != 0 {
		if m, err = m.WithSmoothing(q.Smoothing); err != nil {
			return nil, err
		}
	}
	set, err := dataset.OpenImages(q.Images)
	if err != nil {
		return nil, err
	}
	c, h, w := m.Input()
	inputs, size, batch := dataset.Resized(dataset.Fitted(set, q.Fit), c, h, w), c*h*w, min(maxBatch, set.Len())
	e, err := m.NewEvaluator(device, batch, model.RunningStatistics)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	var r *float64
	if q.Part != bands.Whole {
		r = &q.R
	}
	classes, k := m.ClassNames(), e.Classes()
	x, part, logits := make([]float32, batch*size), make([]float32, batch*size), make([]float32, batch*k)
	split := spectral.NewBatch(h, w, max(1, q.Threads))
	indices := make([]int, len(q.Images))
	for i := range indices {
		indices[i] = i
	}
	for chunk := range slices.Chunk(indices, batch) {
		n := len(chunk)
		seen := x[:n*size]
		if err := inputs.ReadBatch(seen, nil, chunk); err != nil {
			return nil, err
		}
		if q.Part != bands.Whole {
			seen = q.split(split, part[:n*size], seen)
		}
		if err := e.Logits(ctx, logits[:n*k], seen, n); err != nil {
			return nil, err
		}
		if err := measure.CheckLogits(logits[:n*k]); err != nil {
			return nil, err
		}
		for i, image := range chunk {
			p := measure.NewPrediction(logits[i*k : (i+1)*k])
			one := Prediction{Image: q.Images[image], Part: q.Part.String(), R: r, Top: top(p.Probabilities, classes)}
			if o := dataset.Orientation(set, image); o != 1 {
				one.Orientation = o
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// split writes the requested component of images x to dst and returns dst.
func (q Request) split(split *spectral.Batch, dst, x []float32) []float32 {
	if q.Part == bands.Low {
		split.Split([][]float32{dst}, nil, x, []float64{q.R})
	} else {
		split.Split(nil, [][]float32{dst}, x, []float64{q.R})
	}
	return dst
}

// top returns the most probable classes, ties in the order of the classes.
func top(p []float64, classes []string) []Class {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	out := make([]Class, min(topClasses, len(p)))
	for i := range out {
		out[i] = Class{classes[order[i]], p[order[i]]}
	}
	return out
}
