package engine

import (
	"context"
	"slices"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

const (
	predictBatch = 32
	predictTop   = 5 // classes an answer names
)

// PredictRequest asks a model about image files.
type PredictRequest struct {
	Images []string
	Part   Part
	R      float64 // of a low or high part
	Setting
}

// FilePrediction is what a model makes of one file.
type FilePrediction struct {
	Image string             `json:"image"` // the path as it was given
	Part  string             `json:"part"`
	R     *float64           `json:"r"` // null for the whole image
	Top   []ClassProbability `json:"top"`
}

// ClassProbability is how probable a model finds a class.
type ClassProbability struct {
	Class string  `json:"class"`
	P     float64 `json:"p"`
}

// PredictFiles opens o's model and asks it about image files, or about their low or high
// parts. Images of another size than the model's input are resized to it before they are
// split, as everywhere. The most probable classes come first.
func PredictFiles(ctx context.Context, o Options, q PredictRequest) ([]FilePrediction, error) {
	o.Images, o.Data, o.Split = q.Images, "", ""
	l, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var r *float64
	if q.Part != Whole {
		r = &q.R
	}
	classes := l.chosen.Load().classes()
	out := make([]FilePrediction, 0, len(q.Images))
	err = l.predictAll(ctx, q, func(p Prediction) {
		out = append(out, FilePrediction{q.Images[len(out)], q.Part.String(), r, top(p.Probabilities, classes)})
	})
	return out, err
}

// predictAll asks about every image of the chosen split, in order, batch by batch.
func (l *Lab) predictAll(ctx context.Context, q PredictRequest, visit func(Prediction)) error {
	if err := spectral.CheckRadius(q.R); err != nil {
		return err
	}
	now, end := l.begin()
	defer end()
	if err := now.settle(&q.Setting); err != nil {
		return err
	}
	inputs := now.inputs
	c, h, w := inputs.Shape()
	size, batch := c*h*w, min(predictBatch, inputs.Len())
	classifier, err := now.panel.classifier(evaluatorKey{batch: batch, statistics: model.RunningStatistics}, q.Smoothing)
	if err != nil {
		return err
	}
	k := classifier.Classes()
	x, part, logits := make([]float32, batch*size), make([]float32, batch*size), make([]float32, batch*k)
	split := spectral.NewBatch(h, w, l.threads)
	for at := 0; at < inputs.Len(); at += batch {
		n := min(batch, inputs.Len()-at)
		indices := make([]int, n)
		for i := range indices {
			indices[i] = at + i
		}
		seen := x[:n*size]
		if err := inputs.ReadBatch(seen, nil, indices); err != nil {
			return err
		}
		if q.Part != Whole {
			seen = q.partOf(split, part[:n*size], seen)
			for image := range slices.Chunk(seen, size) {
				q.Normalize.Apply(image)
			}
		}
		if err := classifier.Logits(ctx, logits[:n*k], seen, n); err != nil {
			return err
		}
		if err := measure.CheckLogits(logits[:n*k]); err != nil {
			return err
		}
		for answer := range slices.Chunk(logits[:n*k], k) {
			visit(predictionOf(answer))
		}
	}
	return nil
}

// partOf writes the asked-for part of images x to dst and returns dst.
func (q PredictRequest) partOf(split *spectral.Batch, dst, x []float32) []float32 {
	if q.Part == Low {
		split.Split([][]float32{dst}, nil, x, []float64{q.R})
	} else {
		split.Split(nil, [][]float32{dst}, x, []float64{q.R})
	}
	return dst
}

// top names the most probable classes, the first of equals first.
func top(p []float64, classes []string) []ClassProbability {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] > p[b]:
			return -1
		case p[a] < p[b]:
			return 1
		}
		return 0
	})
	out := make([]ClassProbability, min(predictTop, len(p)))
	for i := range out {
		out[i] = ClassProbability{classes[order[i]], p[order[i]]}
	}
	return out
}
