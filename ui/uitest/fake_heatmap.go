package uitest

import (
	"context"
	"errors"
	"time"

	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
)

// Heatmap pretends that errors rise with the distance and the norm.
func (l *FakeLab) Heatmap(ctx context.Context, q lab.HeatmapRequest, update func(heatmap.Result)) (heatmap.Result, error) {
	if l.Panics == "Heatmap" {
		panic("fake heat map panics")
	}
	l.Mu.Lock()
	l.Heatmaps = append(l.Heatmaps, q)
	l.Mu.Unlock()
	if q.Norm > 60 {
		return heatmap.Result{}, errors.New("too much noise for a fake")
	}
	r := heatmap.Result{Request: q.Request, H: l.H, W: l.W, Images: 1000, ImagesPerSecond: 4321}
	for n := 16; ; n = min(4*n, 1000) {
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(l.BandTime):
		}
		r.Cells = make([]measure.Score, l.H*l.W)
		for i := range r.Cells {
			f := heatmap.Frequency{U: i/l.W - l.H/2, V: i%l.W - l.W/2}
			if n == 16 && (f.U%4 != 0 || f.V%4 != 0) {
				continue
			}
			wrong := min(0.02+0.004*q.Norm*f.Distance(), 0.95)
			r.Cells[i] = measure.Score{Correct: n - int(wrong*float64(n)), N: n}
		}
		r.Clean = measure.Score{Correct: n - n/50, N: n}
		r.Share, r.Done = float64(n)/1000, n == 1000
		update(r)
		if r.Done {
			return r, nil
		}
	}
}
