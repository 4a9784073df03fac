package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// TestStartsFromModel: a run starts from the weights of an imported model, and is resumed when
// that file is gone, to the same weights.
func TestStartsFromModel(t *testing.T) {
	c, data := small()
	untrained, err := model.New("resnet8-w4", [3]int{3, 32, 32}, data.Train.Classes(), nets.He, 7)
	if err != nil {
		t.Fatal(err)
	}
	c.Model = filepath.Join(t.TempDir(), "start.onnx")
	if err := untrained.SaveONNX(c.Model, false); err != nil {
		t.Fatal(err)
	}
	c.Mean, c.Std = []float32{0.5}, []float32{0.25}
	begins := 0
	train := func(dir string, stopAfter int) (*Result, error) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		return Run(ctx, dir, c, data, testDevice(t), Options{Begins: func(m *model.Model) {
			if begins++; m.Mean[2] != 0.5 || m.Std[0] != 0.25 {
				t.Errorf("mean %v, std %v", m.Mean, m.Std)
			}
		}, Event: func(e Event) {
			if s, ok := e.(*StepEvent); ok && s.Step == stopAfter {
				stop()
			}
		}})
	}
	whole, err := train(filepath.Join(t.TempDir(), "whole"), 0)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := train(dir, 2); !errors.As(err, new(*StoppedError)) {
		t.Fatal(err)
	}
	if start, err := model.Load(filepath.Join(dir, StartFile), ""); err != nil || start.Normalized != model.InFile || !reflect.DeepEqual(start.Weights, untrained.Weights) {
		t.Errorf("the copy of the model is not as it was: %v", err)
	}
	if kept, err := ReadConfig(dir); err != nil || kept.Net != "resnet8-w4" || kept.Model != c.Model {
		t.Errorf("the configuration is %+v, %v", kept, err)
	}
	if err := os.Remove(c.Model); err != nil {
		t.Fatal(err)
	}
	resumed, err := train(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if begins != 3 {
		t.Errorf("begins %d times", begins)
	}
	if !reflect.DeepEqual(resumed.Model.Weights, whole.Model.Weights) || reflect.DeepEqual(whole.Model.Weights, untrained.Weights) {
		t.Error("the resumed run did not reach the weights of the other, or none was trained")
	}
}

// TestModelDoesNotFit: a model for other images is refused before the folder is made.
func TestModelDoesNotFit(t *testing.T) {
	c, data := small()
	c.Model = "../graph/onnx/testdata/se.onnx"
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Run(t.Context(), dir, c, data, testDevice(t), Options{}); err == nil || !strings.Contains(err.Error(), "images of 3×16×16") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it has made a folder")
	}
}
