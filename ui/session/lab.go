package session

import (
	"context"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/heatmap"
	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/engine/view"
)

// Lab is an open model and dataset; implemented by *lab.Lab. It is safe for concurrent use.
type Lab interface {
	// Info describes the model and the split.
	Info() lab.Info
	// View splits an image and runs inference on it and its low- and high-pass images.
	View(ctx context.Context, q view.Request) (*view.View, error)
	// Predict runs inference with a model on an image and on its low- and high-pass images.
	Predict(ctx context.Context, q lab.PredictionsRequest) (lab.Predictions, error)
	// Foreground blocks background work until leave is called.
	Foreground() (leave func())
	// Label returns the class of image i of the selected split; −1 if unknown.
	Label(i int) int
	// Title returns the title of image i of the selected split.
	Title(i int) string
	// Bands measures accuracy vs r and reports partial results.
	Bands(ctx context.Context, q lab.BandsRequest, update func(bands.Result)) (bands.Result, error)
	// Corrupted measures accuracy by corruption and severity and reports partial results.
	Corrupted(ctx context.Context, q lab.CorruptedRequest, update func(bands.Corrupted)) (bands.Corrupted, error)
	// Attack attacks one image.
	Attack(ctx context.Context, q lab.AttackRequest) (*lab.AttackView, error)
	// Robustness measures robust accuracy and reports partial results.
	Robustness(ctx context.Context, q lab.RobustnessRequest, update func(attack.Robustness)) (attack.Robustness, error)
	// Heatmap measures the Fourier heat map and reports partial results.
	Heatmap(ctx context.Context, q lab.HeatmapRequest, update func(heatmap.Result)) (heatmap.Result, error)
	// NextFlip searches for the next flip.
	NextFlip(ctx context.Context, q lab.NextFlipRequest, progress func(done, total int)) (index int, found bool, err error)
	// Flips finds all flips and reports partial results.
	Flips(ctx context.Context, q lab.FlipsRequest, update func(lab.FlipsResult)) (lab.FlipsResult, error)
	// Thumbnails reads images of the selected split at the model's input size.
	Thumbnails(ctx context.Context, indices []int) ([]dataset.Image, error)
	// Kernels describes a convolution before and after smoothing.
	Kernels(ctx context.Context, q lab.KernelsRequest) (*kernels.View, error)
	// SaveSmoothed writes a model with smoothed kernels to a new file.
	SaveSmoothed(ctx context.Context, path string, q lab.KernelsRequest) error
	// OpenComparison opens a comparison model.
	OpenComparison(ctx context.Context, path string) (lab.Info, error)
	// CloseComparison closes it.
	CloseComparison(path string)
	// UseModel switches to the model in a file; "" is the one opened last by Reopen, or at the start.
	UseModel(ctx context.Context, path string) error
	// Devices lists the devices that Reopen can choose, and kinds of which there is none.
	Devices() []lab.Device
	// Loss is why the CPU has taken over from the device that was chosen; "" if it has not.
	Loss() string
	// Reopen opens another model, other data, both, or the open ones on another device; what is open
	// stays usable until then.
	Reopen(ctx context.Context, c lab.Choice) error
	// Opened is what the model that was opened last was opened with.
	Opened() (path string, said model.Description)
	// Reading describes how the open model was read.
	Reading() lab.Reading
	// Check compares the assumptions about the open model with labels.
	Check(ctx context.Context, update func(evaluated int)) (lab.Reading, error)
	// SetSplit selects the split of all requests.
	SetSplit(split string) error
}
