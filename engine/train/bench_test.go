package train

import (
	"testing"
	"time"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// BenchmarkEvent is what a step's event costs the training; there are at most 50 an epoch.
func BenchmarkEvent(b *testing.B) {
	f, err := openFolder(b.TempDir(), Default("resnet20", "shapes"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.close()
	r := &run{folder: f, perEpoch: 390, begun: time.Now()}
	for b.Loop() {
		e := &StepEvent{Stamp: r.stamp("step"), Steps: 39000, Loss: 1.23456789, Train: &measure.Score{Correct: 345, N: 1024}, LearningRate: 0.0123, ImagesPerSecond: 1234.5}
		if err := r.emit(e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheckpoint reports what a checkpoint of a network costs: the copy, for which
// training waits, and the writing beside it.
func BenchmarkCheckpoint(b *testing.B) {
	for _, net := range []string{"resnet20", "resnet18"} {
		b.Run(net, func(b *testing.B) {
			m, err := model.New(net, [3]int{3, 32, 32}, []string{"a", "b"}, nets.He, 1)
			if err != nil {
				b.Fatal(err)
			}
			state := make(map[string][]float32)
			for _, p := range m.Net.Params {
				state["momentum."+p.Name] = make([]float32, len(m.Weights[p.Name].Data))
			}
			var s snapshot
			dir := b.TempDir()
			var copied time.Duration
			for b.Loop() {
				begun := time.Now()
				s.take(position{}, m, state)
				copied += time.Since(begun)
				if err := s.write(dir, Config{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(copied.Microseconds())/1000/float64(b.N), "copy-ms")
		})
	}
}

// BenchmarkTraining reports how fast a run trains with everything it writes, to be held
// against what bench --work train says.
func BenchmarkTraining(b *testing.B) {
	c := Default("resnet20", "shapes")
	c.Epochs, c.Threads, c.Crop, c.Flip = 1, 2, 4, true
	data := dataset.Shapes(dataset.ShapesOptions{Train: 60 * c.Batch, Test: 128})
	device := testDevice(b)
	for b.Loop() {
		var speed float64
		_, err := Run(b.Context(), b.TempDir()+"/run", c, data, device, Options{Event: func(e Event) {
			if e, ok := e.(*EpochEvent); ok {
				speed = e.ImagesPerSecond
			}
		}})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(speed, "images/s")
	}
}
