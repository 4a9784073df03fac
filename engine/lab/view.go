package lab

import (
	"context"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/evolution"
	"hfcui/engine/kernels"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/view"
	"hfcui/spectral"
)

// viewProgram is the program of views with running statistics.
var viewProgram = programKey{batch: view.Batch, statistics: model.RunningStatistics}

// View splits one image of the selected split at a radius and predicts it and its low- and
// high-pass image.
func (l *Lab) View(ctx context.Context, q view.Request) (*view.View, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return nil, err
	}
	defer l.gate.enter()()
	now, end, err := l.resolve(ctx, "", "", &q.Setting)
	if err != nil {
		return nil, err
	}
	defer end()
	if err := now.Check(q.Index, now.data.Name, now.split); err != nil {
		return nil, err
	}
	v, err := now.Images.View(ctx, q, now.viewPrograms(q.Setting), l.threads)
	if err != nil {
		return nil, err
	}
	v.Label = now.label(q.Index)
	return v, nil
}

// PredictionsRequest asks for the predictions of a model on an image, as a View has them.
type PredictionsRequest struct {
	Model string // path of a comparison model; "" is the open one
	view.Request
}

// Predictions are those of one model, by bands.Part.
type Predictions [3]measure.Prediction

// Predict runs inference on one image of the selected split and on its low- and high-pass image.
func (l *Lab) Predict(ctx context.Context, q PredictionsRequest) (Predictions, error) {
	if err := spectral.CheckRadius(q.R); err != nil {
		return Predictions{}, err
	}
	defer l.gate.enter()()
	now, end, err := l.resolve(ctx, q.Model, "", &q.Setting)
	if err != nil {
		return Predictions{}, err
	}
	defer end()
	if err := now.Check(q.Index, now.data.Name, now.split); err != nil {
		return Predictions{}, err
	}
	return now.Images.Predict(ctx, q.Request, now.viewPrograms(q.Setting), l.threads)
}

// viewPrograms returns the classifiers of views.
func (c *selection) viewPrograms(q bands.Setting) view.Programs {
	return func(batch int, s model.Statistics) (measure.Classifier, error) {
		return c.programs.get(programKey{batch: batch, statistics: s}, q.Smoothing)
	}
}

// KernelsRequest asks for the kernels of a convolution before and after smoothing.
type KernelsRequest struct {
	Model string // path of a comparison model; "" is the open one
	// Smoothing names the layer, "" being the first, also where ρ is 0.
	model.Smoothing
}

// Kernels describes a convolution before and after smoothing.
func (l *Lab) Kernels(ctx context.Context, q KernelsRequest) (*kernels.View, error) {
	defer l.gate.enter()()
	now, end, err := l.model(ctx, q.Model)
	if err != nil {
		return nil, err
	}
	defer end()
	if q.Layer, err = now.model.Convolution(q.Layer); err != nil {
		return nil, err
	}
	return now.kernels.GetOrLoad(q.Smoothing, func() (*kernels.View, error) {
		return kernels.Compute(ctx, now.model, q.Smoothing)
	})
}

// SaveSmoothed writes a model with smoothed kernels into a safetensors file that does not
// exist yet.
func (l *Lab) SaveSmoothed(ctx context.Context, path string, q KernelsRequest) error {
	now, end, err := l.model(ctx, q.Model)
	if err != nil {
		return err
	}
	defer end()
	return kernels.SaveSmoothed(path, now.opened, q.Smoothing)
}

// Evolution returns an empty history of checkpoints, for images of the selected split. Its
// inference is background work.
func (l *Lab) Evolution() *evolution.History {
	return evolution.New(l.compute.Load(), func() dataset.Set { return l.selected.Load().Set }, l.gate.yield)
}

// Thumbnails reads images of the selected split at the model's input size.
func (l *Lab) Thumbnails(ctx context.Context, indices []int) ([]dataset.Image, error) {
	defer l.gate.enter()()
	now := l.selected.Load()
	c, h, w := now.Inputs.Shape()
	list := make([]dataset.Image, 0, len(indices))
	for _, i := range indices {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := now.Check(i, now.data.Name, now.split); err != nil {
			return nil, err
		}
		im := dataset.Image{C: c, H: h, W: w, Pix: make([]float32, c*h*w)}
		if err := now.Inputs.ReadBatch(im.Pix, make([]int, 1), []int{i}); err != nil {
			return nil, err
		}
		list = append(list, im)
	}
	return list, nil
}
