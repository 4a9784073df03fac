package lab

import (
	"context"
	"sync"

	"hfcui/engine/dataset"
	"hfcui/engine/view"
	"hfcui/spectral"
)

// source is an open dataset, shared by the models opened on it and by the jobs that read it. It is
// closed after its last use.
type source struct {
	*dataset.Data
	origin  string // name it was opened by; "" for single images
	chosen  bool   // by the caller, not by default
	preview map[string]float64
	versions

	mu    sync.Mutex
	users int
}

// openSource opens data with one user, the caller.
func openSource(ctx context.Context, o Options) (*source, error) {
	s := &source{chosen: o.Data != "" || len(o.Images) > 0, users: 1, preview: map[string]float64{}, versions: newVersions()}
	if len(o.Images) > 0 {
		set, err := dataset.OpenImages(o.Images)
		if err != nil {
			return nil, err
		}
		s.Data = &dataset.Data{Name: set.Name(), Test: dataset.Fitted(set, o.Fit), Notes: dataset.Turned(set)}
	} else {
		if s.origin = o.Data; s.origin == "" {
			s.origin = defaultData
		}
		var err error
		if s.Data, err = dataset.Open(ctx, s.origin, dataset.Options{Cache: o.Cache, Corruption: o.Corruption, Severity: o.Severity, Versions: o.Versions, Labels: o.Labels}); err != nil {
			return nil, err
		}
	}
	for _, split := range s.Splits() {
		if h, w := view.PreviewSize(s.Set(split)); h > 0 {
			s.preview[split] = spectral.MaxRadius(h, w)
		}
	}
	return s, nil
}

// acquire must precede every use of the source, and release follow it. It returns false once the
// source is closed.
func (s *source) acquire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		return false
	}
	s.users++
	return true
}

// release ends a use; the last one closes the data.
func (s *source) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return nil
	}
	return s.Close()
}
