package train

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// Frozen parameters and statistics stay bit-identical and have no optimizer state, all others
// change, and an interrupted run reaches the same weights. The run starts from an imported model.
func TestFreeze(t *testing.T) {
	c, data := small()
	c.Epochs, c.Bands = 1, nil
	start, err := model.New("resnet8-w4", [3]int{3, 32, 32}, data.Train.Classes(), nets.He, 7)
	if err != nil {
		t.Fatal(err)
	}
	c.Model = filepath.Join(t.TempDir(), "start.onnx")
	if err := start.SaveONNX(c.Model, false); err != nil {
		t.Fatal(err)
	}
	run := func(dir string, stopAfter int) (*Result, error) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		return Run(ctx, dir, c, data, testDevice(t), Options{Event: func(e Event) {
			if e, ok := e.(*StepEvent); ok && e.Step == stopAfter {
				stop()
			}
		}})
	}
	for freeze, frozen := range map[string]string{FreezeBackbone: "fc.weight", "3": "layer2.0.conv1.weight"} {
		c.Freeze = freeze
		whole, err := run(filepath.Join(t.TempDir(), "whole"), 0)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := run(dir, 2); !errors.As(err, new(*StoppedError)) {
			t.Fatal(err)
		}
		state, err := checkpoints.Open(filepath.Join(dir, StateFile))
		if err != nil {
			t.Fatal(err)
		}
		resumed, err := run(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		trained := false
		for _, p := range whole.Model.Net.Params {
			trained = trained || p.Name == frozen
			w := whole.Model.Weights[p.Name].Data
			if same := reflect.DeepEqual(w, start.Weights[p.Name].Data); same == trained {
				t.Errorf("freeze %s: %s unchanged: %v", freeze, p.Name, same)
			}
			if state.Tensors[prefixOptimizer+"momentum."+p.Name] != nil != (trained && p.Trained()) {
				t.Errorf("freeze %s: optimizer state of %s", freeze, p.Name)
			}
			if !reflect.DeepEqual(w, resumed.Model.Weights[p.Name].Data) {
				t.Errorf("freeze %s: %s differs in the resumed run", freeze, p.Name)
			}
		}
		if !trained {
			t.Fatalf("no %s", frozen)
		}
		c.Freeze = "2"
		if _, err := run(dir, 0); err == nil || !strings.Contains(err.Error(), "freeze "+freeze+", not 2") {
			t.Errorf("another freeze: %v", err)
		}
	}
}
