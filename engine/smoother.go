package engine

import "hfcui/engine/model"

// smoother gives a program's convolutions the smoothing that is asked for. The zero
// smoothing is what a new program has.
type smoother struct {
	model   *model.Model
	program interface {
		SetWeight(name string, w []float32) error
	}
	now model.Smoothing
}

// set smooths as to says, which is in canonical form. A layer that was smoothed before and
// no longer is gets the model's own weights back.
func (s *smoother) set(to model.Smoothing) error {
	if s.now == to {
		return nil
	}
	if s.now.Rho > 0 && (to.Rho == 0 || s.now.Layer != to.Layer) {
		layer, own, err := s.model.Smoothed(model.Smoothing{Layer: s.now.Layer})
		if err == nil {
			err = s.program.SetWeight(layer, own)
		}
		if err != nil {
			return err
		}
		s.now = model.Smoothing{}
	}
	if to.Rho == 0 {
		return nil
	}
	layer, w, err := s.model.Smoothed(to)
	if err == nil {
		err = s.program.SetWeight(layer, w)
	}
	if err == nil {
		s.now = to
	}
	return err
}
