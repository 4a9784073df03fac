package candidates

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// stateDict returns the demo as a PyTorch state dict for normalized images, without its network and
// normalization.
func stateDict(t *testing.T, n model.Normalization) *checkpoints.File {
	t.Helper()
	f, ok := checkpoints.Embedded("demo")
	if !ok {
		t.Fatal("no embedded model demo")
	}
	clear(f.Metadata)
	w, mean := f.Tensors["conv1.weight"], f.Tensors["bn1.running_mean"]
	for o := range w.Shape[0] {
		for i := range 27 {
			at := &w.Data[27*o+i]
			mean.Data[o] -= *at * n.Mean[i/9%len(n.Mean)]
			*at *= n.Std[i/9%len(n.Std)]
		}
	}
	return f
}

// request returns a request for the demo's images and a file that is recreated on every call.
func request(t *testing.T, given model.Description, file func() *checkpoints.File) Request {
	t.Helper()
	data, err := dataset.Open(t.Context(), "shapes:test=100", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	d, err := device.Open("cpu", plan.DeviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	q := Request{Given: given, Images: data.Test, Device: d}
	q.Reopen = func(given model.Description) (*model.Model, error) { return model.FromFileAs("x", file(), given) }
	if q.Model, err = q.Reopen(given); err != nil {
		t.Fatal(err)
	}
	return q
}

func checked(t *testing.T, q Request) Result {
	t.Helper()
	r, err := Check(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestForgottenNormalizationIsFound(t *testing.T) {
	// The demo is insensitive to the other normalizations.
	bytes := model.Normalizations["bytes"]
	q := request(t, model.Description{}, func() *checkpoints.File { return stateDict(t, bytes) })
	r := checked(t, q)
	if r.Checked != 100 || r.Better == nil {
		t.Fatalf("%+v", r)
	}
	b := r.Better
	if b.Flags != "--mean bytes" || *b.Accuracy < 0.9 || b.Current.Accuracy() > 0.7 || b.P >= alpha {
		t.Errorf("%s", b)
	}
	if !strings.Contains(b.String(), " is clearly better: ") || !strings.Contains(b.String(), " on 100 images, vs ") {
		t.Error(b.String())
	}

	q = request(t, model.Description{}.With(b.Change), func() *checkpoints.File { return stateDict(t, bytes) })
	if r := checked(t, q); r.Checked != 100 || r.Better != nil {
		t.Errorf("with the correct normalization: %+v", r)
	}
}

func TestWrongPoolingIsFound(t *testing.T) {
	none := model.Normalizations["none"]
	q := request(t, model.Description{Assume: nets.Choices{nets.StemPool: "max"}}, func() *checkpoints.File { return stateDict(t, none) })
	for i := range q.Model.Assumed {
		q.Model.Assumed[i].Given = false
	}
	r := checked(t, q)
	if r.Better == nil || r.Better.Flags != "--assume stem-pool=none" || *r.Better.Accuracy < 0.9 {
		t.Fatalf("%+v", r)
	}
}

// TestMistakesAreCombined: two wrong assumptions are found, successively or as a pair.
func TestMistakesAreCombined(t *testing.T) {
	bytes := model.Normalizations["bytes"]
	q := request(t, model.Description{Assume: nets.Choices{nets.StemPool: "max"}}, func() *checkpoints.File { return stateDict(t, bytes) })
	for i, a := range q.Model.Assumed {
		q.Model.Assumed[i].Given = a.Key != nets.StemPool
	}
	r := checked(t, q)
	if r.Better == nil || r.Better.Flags != "--mean bytes --assume stem-pool=none" || *r.Better.Accuracy < 0.8 {
		t.Fatalf("%+v", r)
	}
}

func TestRightModelsPass(t *testing.T) {
	q := request(t, model.Description{}, func() *checkpoints.File { return stateDict(t, model.Normalizations["none"]) })
	n := 0
	q.Update = func(int) { n++ }
	if r := checked(t, q); r.Checked != 100 || r.Better != nil || n != 100/batch {
		t.Errorf("%+v in %d batches: no candidate can be better", r, n)
	}
	demo, err := model.Load("demo", "")
	if err != nil {
		t.Fatal(err)
	}
	q.Model = demo
	if r := checked(t, q); r.Checked != 0 || r.Better != nil {
		t.Errorf("the demo has no assumptions to check: %+v", r)
	}
}

func TestChecksCanBeCanceled(t *testing.T) {
	q := request(t, model.Description{}, func() *checkpoints.File { return stateDict(t, model.Normalizations["bytes"]) })
	ctx, cancel := context.WithCancel(t.Context())
	q.Update = func(n int) {
		if n > 100 {
			cancel()
		}
	}
	if _, err := Check(ctx, q); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Transforming pixels is equivalent to opening the model with another normalization or channel
// order.
func TestTransform(t *testing.T) {
	m, err := model.FromFileAs("x", stateDict(t, model.Normalizations["none"]), model.Description{Mean: []float32{0.1, 0.2, 0.3}, Std: []float32{0.5, 1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	n := model.Normalization{Mean: []float32{0.25, 0.5, 0.75}, Std: []float32{0.25, 0.5, 1}}
	got := variant{normal: &n, bgr: true}.transform([]float32{0.5, 1, 0.25, 0.5, 0.75, 0}, m, 2)
	for i := range got { // as the program normalizes
		got[i] = (got[i] - m.Mean[i/2]) / m.Std[i/2]
	}
	want := []float32{2, -1, -0.5, 0, -0.25, 0.25}
	for i := range got {
		if d := got[i] - want[i]; d > 1e-6 || d < -1e-6 {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	if x := []float32{1, 2, 3}; !slices.Equal(variant{}.transform(x, m, 1), x) {
		t.Error("the identity transform changes pixels")
	}
}
