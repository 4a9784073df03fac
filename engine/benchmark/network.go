package benchmark

import (
	"context"
	"fmt"
	"math/rand/v2"

	"hfcui/engine/attack"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// classes is the number of classes of untrained networks, as of CIFAR-10.
const classes = 10

// side is the height and width of untrained networks' input.
const side = 32

// network gives the model to measure: the file's, or an untrained one for images of side×side.
func network(c Config) (*model.Model, error) {
	if c.Model != "" {
		return model.Load(c.Model, c.Net)
	}
	names := make([]string, classes)
	for i := range names {
		names[i] = fmt.Sprint("class ", i)
	}
	return model.New(c.Net, [3]int{3, side, side}, names, nets.He, 1)
}

// networkJob is one batch of random images through a network.
func networkJob(c Config, device plan.Device, result *Result) (job, error) {
	m, err := network(c)
	if err != nil {
		return job{}, err
	}
	result.Net, result.Model, result.Input = m.Net.Name, c.Model, m.Net.Input
	c.channels, c.Height, c.Width = m.Input()
	result.Width, result.Height = c.Width, c.Height
	if err := c.check(); err != nil {
		return job{}, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	x := noise(random, c.Batch*op.Size(m.Net.Input[:]))
	switch c.Work {
	case "train":
		return trainJob(c, m, device, x, random)
	case "attack":
		return attackJob(c, m, device, x, random)
	}
	e, err := m.NewEvaluator(device, c.Batch, model.RunningStatistics)
	if err != nil {
		return job{}, err
	}
	logits := make([]float32, c.Batch*m.Net.Classes)
	if c.Work == "infer" {
		run := func(ctx context.Context) error { return e.Logits(ctx, logits, x, c.Batch) }
		return job{images: c.Batch, run: run, close: e.Close}, nil
	}
	result.Radii = c.Radii
	return bandsJob(c, e, x, logits), nil
}

// bandsJob splits a batch of images at all radii and runs inference on all low-pass and high-pass
// batches, but not on whole images. A device that splits images gets the whole ones.
func bandsJob(c Config, e *model.Evaluator, x, logits []float32) job {
	split := spectral.NewBatch(c.Height, c.Width, c.Threads)
	low, high := parts(c, len(x)), parts(c, len(x))
	run := func(ctx context.Context) error {
		whole := &plan.Components{Whole: &plan.Whole{Pixels: x}, Radii: c.Radii}
		for i := range 2 * len(c.Radii) {
			done, err := e.ComponentLogits(ctx, logits, whole, (1+i)*c.Batch, c.Batch)
			if err != nil {
				return err
			}
			if !done {
				break
			}
			if i == 2*len(c.Radii)-1 {
				return nil
			}
		}
		split.Split(low, high, x, c.Radii)
		for i := range c.Radii {
			for _, part := range [][]float32{low[i], high[i]} {
				if err := e.Logits(ctx, logits, part, c.Batch); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return job{images: c.Batch, run: run, close: e.Close}
}

// trainJob is one step of SGD with momentum and weight decay.
func trainJob(c Config, m *model.Model, device plan.Device, x []float32, random *rand.Rand) (job, error) {
	t, err := m.NewTrainer(device, c.Batch, optim.SGD{Momentum: 0.9, WeightDecay: 5e-4})
	if err != nil {
		return job{}, err
	}
	t.LearningRate = 0.01
	labels := someLabels(random, c.Batch, m.Net.Classes)
	unread := 0
	run := func(ctx context.Context) error {
		if err := t.Begin(ctx, model.Examples{X: x, Labels: labels}); err != nil {
			return err
		}
		if unread++; unread <= t.Lag() {
			return nil
		}
		unread--
		_, _, err := t.Result()
		return err
	}
	return job{images: c.Batch, run: run, close: t.Close}, nil
}

// attackJob is PGD with ten steps of ε/4, ε = 8/255, and inference on the adversarial examples.
func attackJob(c Config, m *model.Model, device plan.Device, x []float32, random *rand.Rand) (job, error) {
	const epsilon = 8.0 / 255
	a, err := attack.New(attack.Options{Method: attack.PGDMethod, Epsilon: epsilon, StepSize: epsilon / 4, Steps: 10})
	if err != nil {
		return job{}, err
	}
	t, err := attack.NewTarget(m, device, c.Batch)
	if err != nil {
		return job{}, err
	}
	labels, dst := someLabels(random, c.Batch, m.Net.Classes), make([]float32, len(x))
	run := func(ctx context.Context) error {
		_, err := a.Run(ctx, t, dst, x, labels, nil)
		return err
	}
	return job{images: c.Batch, run: run, close: t.Close}, nil
}

// someLabels returns n random labels.
func someLabels(random *rand.Rand, n, classes int) []int {
	labels := make([]int, n)
	for i := range labels {
		labels[i] = random.IntN(classes)
	}
	return labels
}

// noise returns n random numbers in [0,1).
func noise(random *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = random.Float32()
	}
	return x
}

// parts allocates n numbers per radius.
func parts(c Config, n int) [][]float32 {
	p := make([][]float32, len(c.Radii))
	for i := range p {
		p[i] = make([]float32, n)
	}
	return p
}
