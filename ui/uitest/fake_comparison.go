package uitest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
)

// compared reports whether a model is a comparison model or has some.
func (l *FakeLab) compared(path string) bool {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	return path != "" || len(l.Others) > 0
}

// fakeOutcomes has the first images correct.
func fakeOutcomes(r bands.Result) bands.Outcomes {
	o := bands.NewOutcomes(len(r.Radii), r.Whole.N)
	set := func(part bands.Part, i int, s measure.Score) {
		for k := range min(s.Correct, s.N) {
			o.Set(k, part, i, true)
		}
	}
	set(bands.Whole, 0, r.Whole)
	for i := range r.Radii {
		set(bands.Low, i, r.Low[i])
		set(bands.High, i, r.High[i])
	}
	return o
}

// fakeFlips are counts of n images in ten classes.
func fakeFlips(whole, high, n int) bands.FlipCounts {
	f := bands.CountFlips(nil, len(fakeClasses))
	f.N = n
	for i := range f.Classes {
		f.Classes[i] = bands.ClassFlips{Images: n / 10, Flips: high / 40, Correct: whole / 10, Pairs: high / 20}
	}
	return f
}

// Predict answers as View does, other models for other images.
func (l *FakeLab) Predict(_ context.Context, q lab.PredictionsRequest) (list lab.Predictions, err error) {
	if strings.HasPrefix(q.Model, "/failing") {
		return list, fmt.Errorf("%s has no layer of that name", q.Model)
	}
	for p := range list {
		list[p] = l.answer(q.Index+len(q.Model), bands.Part(p), q.Setting, q.R)
	}
	return list, nil
}

// Flips finds those that the answers are.
func (l *FakeLab) Flips(ctx context.Context, q lab.FlipsRequest, update func(lab.FlipsResult)) (lab.FlipsResult, error) {
	r := lab.FlipsResult{Counts: bands.CountFlips(nil, len(fakeClasses)), Images: l.Info().Images}
	for i := range r.Images {
		s := bands.Sample{Index: i, Label: l.Label(i)}
		for part, class := range map[bands.Part]*int{bands.Whole: &s.Whole, bands.Low: &s.Low, bands.High: &s.High} {
			*class = l.answer(i, part, q.Setting, q.R).Class
		}
		if r.Counts.Count(s); s.Flip() {
			r.Flips = append(r.Flips, s)
		}
		if i%500 == 499 {
			select {
			case <-ctx.Done():
				return r, ctx.Err()
			case <-time.After(l.BandTime):
			}
			now := r
			now.Counts.Classes = slices.Clone(r.Counts.Classes)
			update(now)
		}
	}
	return r, nil
}

// Thumbnails are the pictures of the images.
func (l *FakeLab) Thumbnails(_ context.Context, indices []int) (list []dataset.Image, err error) {
	for _, i := range indices {
		list = append(list, dataset.Image{C: 3, H: l.H, W: l.W, Pix: l.pixels(i)})
	}
	return list, nil
}
