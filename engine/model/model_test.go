package model_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// small returns a small untrained model.
func small(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.New("resnet8-w4", [3]int{3, 8, 8}, []string{"cat", "dog", "ship"}, nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Mean, m.Std = []float32{0.5, 0.4, 0.3}, []float32{0.2, 0.25, 0.3}
	return m
}

func pictures(m *model.Model, n int) []float32 {
	c, h, w := m.Input()
	x := make([]float32, n*c*h*w)
	for i := range x {
		x[i] = float32(i*7919%257) / 257
	}
	return x
}

func TestSaveLoad(t *testing.T) {
	m := small(t)
	m.Metadata["command"] = "hfcui train"
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := model.Load(path, "resnet8-w4")
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "model" || got.Net.Name != m.Net.Name || got.Net.Input != m.Net.Input ||
		!slices.Equal(got.Classes, m.Classes) || !slices.Equal(got.Mean, m.Mean) || !slices.Equal(got.Std, m.Std) ||
		!maps.Equal(got.Metadata, m.Metadata) {
		t.Errorf("got %+v of %+v", got, m)
	}
	for name, w := range m.Weights {
		if !slices.Equal(got.Weights[name].Data, w.Data) {
			t.Errorf("%s differs after saving and loading", name)
		}
	}
	again := filepath.Join(t.TempDir(), "again.safetensors")
	if err := got.Save(again); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(path)
	b, _ := os.ReadFile(again)
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("saving again yields a different file")
	}
}

func TestLoadMissing(t *testing.T) {
	for _, name := range []string{"", "nonesuch", filepath.Join(t.TempDir(), "none.pt"), t.TempDir()} {
		if _, err := model.Load(name, ""); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// file returns small as a checkpoint.
func file(t testing.TB) *checkpoints.File {
	t.Helper()
	m := small(t)
	return &checkpoints.File{Tensors: m.Weights, Metadata: map[string]string{}}
}

func TestMetadata(t *testing.T) {
	f := file(t)
	f.Metadata = map[string]string{
		"hfcui.classes": `["a\u001b[2Jb","c","d"]`, "hfcui.mean": "[0.5]", "hfcui.input": "3x48x40", "other": "kept",
	}
	f.Tensors["bn1.num_batches_tracked"] = &checkpoints.Tensor{Data: []float32{7}}
	m, err := model.FromFile("x.pt", f, "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Classes, []string{"a[2Jb", "c", "d"}) || !slices.Equal(m.Mean, []float32{0.5, 0.5, 0.5}) || !slices.Equal(m.Std, []float32{1, 1, 1}) {
		t.Errorf("classes %q, mean %v, std %v", m.Classes, m.Mean, m.Std)
	}
	if c, h, w := m.Input(); c != 3 || h != 48 || w != 40 {
		t.Errorf("input %dx%dx%d", c, h, w)
	}
	if !maps.Equal(m.Metadata, map[string]string{"other": "kept"}) {
		t.Errorf("metadata %v", m.Metadata)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(f *checkpoints.File)
		net    string
		says   string
	}{
		{"another net asked for", func(f *checkpoints.File) {}, "vgg11", "declared as vgg11"},
		{"another net in metadata", func(f *checkpoints.File) { f.Metadata["hfcui.net"] = "resnet20\x1b" }, "", "declared as resnet20,"},
		{"classes that do not match", func(f *checkpoints.File) { f.Metadata["hfcui.classes"] = `["a","b"]` }, "", "2 classes named"},
		{"classes that are not a list", func(f *checkpoints.File) { f.Metadata["hfcui.classes"] = `{}` }, "", "hfcui.classes"},
		{"an input of two numbers", func(f *checkpoints.File) { f.Metadata["hfcui.input"] = "32x32" }, "", "hfcui.input"},
		{"an input of words", func(f *checkpoints.File) { f.Metadata["hfcui.input"] = "\x1bxaxb" }, "", "hfcui.input"},
		{"an input of other channels", func(f *checkpoints.File) { f.Metadata["hfcui.input"] = "1x32x32" }, "", "conv1.weight"},
		{"an input of gigabytes", func(f *checkpoints.File) { f.Metadata["hfcui.input"] = "3x99999999x99999999" }, "", "does not support"},
		{"a mean of two numbers", func(f *checkpoints.File) { f.Metadata["hfcui.mean"] = `[0.5,0.5]` }, "", "2 values for 3 channels"},
		{"a mean of words", func(f *checkpoints.File) { f.Metadata["hfcui.mean"] = `["x"]` }, "", "hfcui.mean"},
		{"an infinite mean", func(f *checkpoints.File) { f.Metadata["hfcui.mean"] = `[1e99]` }, "", "hfcui.mean"},
		{"a deviation of 0", func(f *checkpoints.File) { f.Metadata["hfcui.std"] = `[0.2,0,0.2]` }, "", "hfcui.std"},
		{"NaN", func(f *checkpoints.File) { f.Tensors["fc.weight"].Data[5] = float32(math.NaN()) }, "", "fc.weight contains NaN"},
		{"infinity", func(f *checkpoints.File) { f.Tensors["bn1.running_mean"].Data[0] = float32(math.Inf(-1)) }, "", "bn1.running_mean contains"},
		{"a negative variance", func(f *checkpoints.File) { f.Tensors["bn1.running_var"].Data[0] = -1 }, "", "negative variance"},
		{"a missing tensor", func(f *checkpoints.File) { delete(f.Tensors, "fc.weight") }, "", "missing fc.weight"},
	} {
		f := file(t)
		c.change(f)
		_, err := model.FromFile("x.pt", f, c.net)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "x.pt: ") || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: error %v does not contain %q", c.what, err, c.says)
		}
	}
}

// FuzzMetadata: arbitrary metadata is read or a one-line error.
func FuzzMetadata(f *testing.F) {
	f.Add("resnet8-w4", `["a","b","c"]`, "3x8x8", "[0.5,0.5,0.5]", "[0.2]")
	f.Add("resnet8-w4 ", `[]`, "3x8", "[]", "[0]")
	f.Add("", `null`, "3x99999999999999999999x1", "null", "[1e-40]")
	f.Add("\x1b[2J", `["\u0000",{}]`, "-3x8x8", "[1e999]", "[-1,NaN]")
	weights := small(f).Weights
	f.Fuzz(func(t *testing.T, net, classes, input, mean, std string) {
		m, err := model.FromFile("x", &checkpoints.File{Tensors: weights, Metadata: map[string]string{
			"hfcui.net": net, "hfcui.classes": classes, "hfcui.input": input, "hfcui.mean": mean, "hfcui.std": std,
		}}, "")
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q", err)
			}
			return
		}
		if len(m.Classes) != m.Net.Classes || len(m.Mean) != 3 || len(m.Std) != 3 {
			t.Errorf("%d classes, mean %v, std %v", len(m.Classes), m.Mean, m.Std)
		}
		if _, err := m.Program(nets.Build{Batch: 1}); err != nil {
			t.Error(err)
		}
	})
}

func TestEvaluator(t *testing.T) {
	m, ctx := small(t), context.Background()
	x := pictures(m, 4)
	e, err := m.NewEvaluator(plantest.Reference(), 4, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	whole, one := make([]float32, 12), make([]float32, 12)
	if err := e.Logits(ctx, whole, x, 4); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if err := e.Logits(ctx, one[i*3:], x[i*192:], 1); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(whole, one) {
		t.Errorf("one by one %v, together %v", one, whole)
	}
	for n, err := range map[int]error{0: e.Logits(ctx, one, x, 0), 5: e.Logits(ctx, make([]float32, 15), pictures(m, 5), 5)} {
		if err == nil {
			t.Errorf("accepted %d images", n)
		}
	}
	if e.Logits(ctx, one[:11], x, 4) == nil || e.Logits(ctx, one, x[1:], 4) == nil {
		t.Error("accepted short slices")
	}

	conv := slices.Clone(m.Weights[m.FirstConv()].Data)
	for i := range conv {
		conv[i] *= 2
	}
	if err := e.SetWeight(m.FirstConv(), conv); err != nil {
		t.Fatal(err)
	}
	if err := e.Logits(ctx, one, x, 4); err != nil || slices.Equal(one, whole) {
		t.Errorf("SetWeight has no effect (%v)", err)
	}
	if err := e.Refresh(); err != nil {
		t.Fatal(err)
	}
	if err := e.Logits(ctx, one, x, 4); err != nil || !slices.Equal(one, whole) {
		t.Errorf("after refreshing %v, before %v (%v)", one, whole, err)
	}
	if e.SetWeight("nonesuch", conv) == nil || e.SetWeight(m.FirstConv(), conv[1:]) == nil {
		t.Error("accepted a weight that the net does not have")
	}
}

// TestBatchStatistics: with batch statistics, running ones are unused, and batches must be full.
func TestBatchStatistics(t *testing.T) {
	m, ctx := small(t), context.Background()
	e, err := m.NewEvaluator(plantest.Reference(), 4, model.BatchStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, before, after := pictures(m, 4), make([]float32, 12), make([]float32, 12)
	if err := e.Logits(ctx, before, x, 4); err != nil {
		t.Fatal(err)
	}
	for _, v := range [][]float32{m.Weights["bn1.running_mean"].Data, m.Weights["bn1.running_var"].Data} {
		for i := range v {
			v[i] += 3
		}
	}
	if err := e.Refresh(); err != nil {
		t.Fatal(err)
	}
	if err := e.Logits(ctx, after, x, 4); err != nil || !slices.Equal(before, after) {
		t.Errorf("running statistics change %v to %v (%v)", before, after, err)
	}
	if e.Logits(ctx, after, x, 3) == nil {
		t.Error("accepted a partial batch")
	}
}

// TestParts: results do not depend on the split into micro-batches.
func TestParts(t *testing.T) {
	m, err := model.New("resnet8", [3]int{3, 32, 32}, make([]string, 10), nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	dev, err := device.Open("cpu", plan.DeviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const batch, n = 300, 250
	x := pictures(m, n)
	logits := func(size int) []float32 {
		e, err := m.NewEvaluator(dev, size, model.RunningStatistics)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		out := make([]float32, n*10)
		for from := 0; from < n; from += size {
			to := min(n, from+size)
			if err := e.Logits(context.Background(), out[from*10:to*10], x[from*3*32*32:to*3*32*32], to-from); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	plantest.Close(t, "logits", logits(batch), logits(10), plantest.Tolerance)
}

// TestTrainer: a net overfits four images, its running statistics are updated, and training is
// deterministic.
func TestTrainer(t *testing.T) {
	train := func() (*model.Model, float64, float64) {
		m := small(t)
		tr, err := m.NewTrainer(plantest.Reference(), 4, optim.SGD{Momentum: 0.9, Nesterov: true})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		tr.LearningRate = 0.05
		var first, last float64
		for i := range 30 {
			loss, right, err := tr.Step(context.Background(), pictures(m, 4), []int{0, 1, 2, 0})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = loss
			}
			if last = loss; i == 29 && right != 4 {
				t.Errorf("%d of 4 correct after training", right)
			}
		}
		return m, first, last
	}
	m, first, last := train()
	if last > 0.2*first {
		t.Errorf("the loss changed from %g to %g", first, last)
	}
	if v := m.Weights["bn1.running_var"].Data[0]; v == 1 {
		t.Error("running statistics are not updated")
	}
	again, _, _ := train()
	for name, w := range m.Weights {
		if !slices.Equal(w.Data, again.Weights[name].Data) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

func TestTrainerRefuses(t *testing.T) {
	m := small(t)
	before := m.Clone()
	tr, err := m.NewTrainer(plantest.Reference(), 2, optim.SGD{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for what, c := range map[string]struct {
		x      []float32
		labels []int
	}{
		"a label too large": {pictures(m, 2), []int{0, 3}},
		"an unknown label":  {pictures(m, 2), []int{-1, 0}},
		"too few labels":    {pictures(m, 2), []int{0}},
		"too many images":   {pictures(m, 3), []int{0, 1}},
	} {
		if _, _, err := tr.Step(context.Background(), c.x, c.labels); err == nil {
			t.Error("accepted", what)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := tr.Step(ctx, pictures(m, 2), []int{0, 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v for a step that is canceled", err)
	}
	for name, w := range m.Weights {
		if !slices.Equal(w.Data, before.Weights[name].Data) {
			t.Errorf("%s has changed", name)
		}
	}
	m.Net.Norms[0].Positions = 1
	if _, err := m.NewTrainer(plantest.Reference(), 1, optim.SGD{}); err == nil || !strings.Contains(err.Error(), "batch norm needs more") {
		t.Errorf("error %v for a batch without variance", err)
	}
}
