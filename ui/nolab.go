package ui

import (
	"context"
	"errors"

	"hfcui/engine"
	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
)

// noLab stands in where runs are watched without a model and images.
type noLab struct{}

var errNothingOpen = errors.New("no model is open")

func (noLab) Info() engine.Info          { return engine.Info{} }
func (noLab) Foreground() (leave func()) { return func() {} }
func (noLab) Label(int) int              { return -1 }
func (noLab) Title(int) string           { return "" }
func (noLab) CloseBeside(string)         {}
func (noLab) SetSplit(string) error      { return errNothingOpen }

func (noLab) Kernels(context.Context, engine.KernelsRequest) (*engine.KernelView, error) {
	return nil, errNothingOpen
}

func (noLab) SaveSmoothed(context.Context, string, engine.KernelsRequest) error {
	return errNothingOpen
}

func (noLab) OpenBeside(context.Context, string) (engine.Info, error) {
	return engine.Info{}, errNothingOpen
}

func (noLab) UseModel(context.Context, string) error { return errNothingOpen }

func (noLab) View(context.Context, engine.ViewRequest) (*engine.View, error) {
	return nil, errNothingOpen
}

func (noLab) Attack(context.Context, engine.AttackRequest) (*engine.AttackView, error) {
	return nil, errNothingOpen
}

func (noLab) Robustness(context.Context, engine.RobustnessRequest, func(attack.Robustness)) (attack.Robustness, error) {
	return attack.Robustness{}, errNothingOpen
}

func (noLab) Bands(context.Context, engine.BandsRequest, func(bands.Result)) (bands.Result, error) {
	return bands.Result{}, errNothingOpen
}

func (noLab) NextFlip(context.Context, engine.NextFlipRequest, func(done, total int)) (int, bool, error) {
	return 0, false, errNothingOpen
}

func (noLab) Heatmap(context.Context, engine.HeatmapRequest, func(heatmap.Result)) (heatmap.Result, error) {
	return heatmap.Result{}, errNothingOpen
}
