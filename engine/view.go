package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// View splits one image at a radius and asks the model about it and its parts. The
// model sees parts split at its own input size; larger pictures are split at theirs for
// looking at, with the same meaning of r: cycles per image along each axis. By SVD pictures
// are reduced to svdSide first; every size has the rank that matches r there.
func (l *Lab) View(ctx context.Context, q ViewRequest) (*View, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	defer l.gate.enter()()
	now, end := l.begin()
	defer end()
	if err := now.settle(&q.Setting); err != nil {
		return nil, err
	}
	if q.Index < 0 || q.Index >= now.set.Len() {
		return nil, fmt.Errorf("image %d: %s has images 0 to %d in its %s split", q.Index, l.data.Name, now.set.Len()-1, now.split)
	}
	im := now.recent.get(q.Index)
	im.mu.Lock()
	defer im.mu.Unlock()
	err := im.open(now, q.Index)
	if err != nil {
		return nil, err
	}
	v := &View{ViewRequest: q, Title: now.set.Title(q.Index), Label: now.label(q.Index)}
	started := time.Now()
	if err := im.fill(ctx, v); err != nil {
		return nil, err
	}
	n := len(im.input.Pix)
	x := make([]float32, 3*n)
	copy(x, im.input.Pix)
	if err := im.seen(ctx, x[n:2*n], x[2*n:], v); err != nil {
		return nil, err
	}
	v.Split = time.Since(started)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	started = time.Now()
	if q.Statistics == model.BatchStatistics {
		err = l.predictInBatch(ctx, v, now)
	} else {
		err = now.predict(ctx, v, x)
	}
	v.Infer = time.Since(started)
	return v, err
}

// viewed is what a View asks with running statistics: about whole, low and high.
var viewed = evaluatorKey{batch: 3, statistics: model.RunningStatistics}

// predict asks the model, with running statistics, about x: whole, low and high.
func (c *chosen) predict(ctx context.Context, v *View, x []float32) error {
	model, err := c.panel.classifier(viewed, v.Smoothing)
	if err != nil {
		return err
	}
	n := len(x) / 3
	v.Normalize.Apply(x[n : 2*n])
	v.Normalize.Apply(x[2*n:])
	logits := make([]float32, 3*model.Classes())
	if err := model.Logits(ctx, logits, x, 3); err != nil {
		return err
	}
	if err := measure.CheckLogits(logits); err != nil {
		return err
	}
	for part := range v.Predictions {
		v.Predictions[part] = predictionOf(logits[part*model.Classes() : (part+1)*model.Classes()])
	}
	return nil
}

// predictInBatch asks the model with batch statistics: those of the batch in which the
// image is measured.
func (l *Lab) predictInBatch(ctx context.Context, v *View, now *chosen) error {
	inputs := now.inputs
	indices, _ := measure.BatchOf(inputs, v.Index, min(statisticsBatch, inputs.Len()))
	model, err := now.panel.classifier(evaluatorKey{batch: len(indices), statistics: model.BatchStatistics}, v.Smoothing)
	if err != nil {
		return err
	}
	q := bands.Request{Radii: []float64{v.R}, Normalize: v.Normalize, Statistics: v.Statistics, By: v.By, Threads: l.threads}
	return bands.LogitsOf(ctx, inputs, model, q, indices, slices.Index(indices, v.Index), func(part int, logits []float32) {
		v.Predictions[part] = predictionOf(logits)
	})
}

// predictionOf turns logits into probabilities (softmax).
func predictionOf(logits []float32) Prediction {
	p := Prediction{Class: measure.Argmax(logits), Probabilities: make([]float64, len(logits))}
	top, sum := float64(logits[p.Class]), 0.0
	for i, z := range logits {
		p.Probabilities[i] = math.Exp(float64(z) - top)
		sum += p.Probabilities[i]
	}
	for i := range p.Probabilities {
		p.Probabilities[i] /= sum
	}
	return p
}
