package lab

import (
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/model"
)

// What whole images are answered depends neither on radii nor on normalization; with batch
// statistics it does on the limit, which says what shares a batch.
func TestWholeImagesAreShared(t *testing.T) {
	base := BandsRequest{Radii: []float64{4}, Limit: 100, Split: "test"}
	other := BandsRequest{Radii: []float64{8, 9}, Split: "test", Setting: bands.Setting{Normalize: bands.NormalizeStd}}
	if base.cleanKey() != other.cleanKey() {
		t.Errorf("%+v and %+v", base.cleanKey(), other.cleanKey())
	}
	for _, q := range []BandsRequest{
		{Split: "train"},
		{Split: "test", Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 0.5}}},
		{Split: "test", Setting: bands.Setting{Statistics: model.BatchStatistics}},
		{Split: "test", Limit: 50, Setting: bands.Setting{Statistics: model.BatchStatistics}},
	} {
		if q.cleanKey() == base.cleanKey() {
			t.Errorf("%+v shares whole images with %+v", q, base)
		}
	}
	l := openSmall(t)
	asked := func(q BandsRequest) float64 {
		result, err := l.Bands(t.Context(), q, nil)
		if err != nil || !result.Done {
			t.Fatalf("%+v, %v", result, err)
		}
		return result.Whole.Accuracy()
	}
	first := asked(BandsRequest{Radii: []float64{4}})
	if again := asked(BandsRequest{Radii: []float64{9}}); again != first || l.selected.Load().clean.Len() != 1 {
		t.Errorf("whole images: %v, then %v, kept %d times", first, again, l.selected.Load().clean.Len())
	}
}
