package session

import (
	"context"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/engine/view"
)

// Lab is what the program shows: a model and a dataset, opened. *lab.Lab is one. All
// methods may be called from several goroutines at a time.
type Lab interface {
	// Info describes what is open.
	Info() lab.Info
	// View splits one image and asks the model about it and its parts.
	View(ctx context.Context, q view.Request) (*view.View, error)
	// Foreground holds up what runs in the background, measuring, until leave is called.
	Foreground() (leave func())
	// Label is the class of image i of the chosen split, -1 when not known.
	Label(i int) int
	// Title names image i of the chosen split.
	Title(i int) string
	// Bands measures accuracy against r and reports as it goes.
	Bands(ctx context.Context, q lab.BandsRequest, update func(bands.Result)) (bands.Result, error)
	// Attack attacks one image.
	Attack(ctx context.Context, q lab.AttackRequest) (*lab.AttackView, error)
	// Robustness measures accuracy under attack and reports as it goes.
	Robustness(ctx context.Context, q lab.RobustnessRequest, update func(attack.Robustness)) (attack.Robustness, error)
	// Heatmap measures errors with noise of every frequency and reports as it goes.
	Heatmap(ctx context.Context, q lab.HeatmapRequest, update func(heatmap.Result)) (heatmap.Result, error)
	// NextFlip looks for the next image whose whole and high part are classified right and
	// whose low part is not.
	NextFlip(ctx context.Context, q lab.NextFlipRequest, progress func(done, total int)) (index int, found bool, err error)
	// Kernels describes a convolution before and after smoothing.
	Kernels(ctx context.Context, q lab.KernelsRequest) (*kernels.View, error)
	// SaveSmoothed writes a model with smoothed kernels into a file that is not there yet.
	SaveSmoothed(ctx context.Context, path string, q lab.KernelsRequest) error
	// OpenComparison has another model ready to be looked at side by side with the open one.
	OpenComparison(ctx context.Context, path string) (lab.Info, error)
	// CloseComparison lets it go.
	CloseComparison(path string)
	// UseModel goes over to the model in a file, "" being the one that was opened first.
	UseModel(ctx context.Context, path string) error
	// SetSplit chooses the images that all others speak of.
	SetSplit(split string) error
}
