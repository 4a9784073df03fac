package lab

import (
	"flag"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hfcui/engine/device"
	"hfcui/engine/plan"
	"hfcui/engine/train"
	"hfcui/engine/view"
)

// trainedOn may be a folder with CIFAR-10: go test -args -data DIR.
var trainedOn = flag.String("data", "shapes:train=12800,test=1000", "dataset that benchmarks train on")

// openForTraining opens the demonstration on the data, and a training of ResNet-20 on it.
func openForTraining(b *testing.B) (*Lab, train.Config) {
	l, err := Open(b.Context(), Options{Data: *trainedOn})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	c := train.Default("resnet20", *trainedOn)
	c.Epochs, c.Threads, c.Crop, c.Flip = 100, l.threads, 4, true
	return l, c
}

// BenchmarkViewWhileTraining reports how long after a key a view is there, a key every 60
// ms at a time that the training does not know.
func BenchmarkViewWhileTraining(b *testing.B) {
	for name, training := range map[string]bool{"idle": false, "training": true} {
		b.Run(name, func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "run")
			l, c := openForTraining(b)
			if training {
				t, err := l.Train(b.Context(), c, dir)
				if err != nil {
					b.Fatal(err)
				}
				for t.Progress() == nil {
					time.Sleep(time.Millisecond)
				}
				defer func() { b.ReportMetric(t.Progress().ImagesPerSecond, "trained-images/s") }()
			}
			var took []float64
			key := time.Now()
			for b.Loop() {
				key = key.Add(60 * time.Millisecond)
				<-time.After(time.Until(key))
				if _, err := l.View(b.Context(), view.Request{Index: len(took) / 10, R: float64(2 + len(took)%20)}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(key).Seconds()*1000)
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "median-ms")
			b.ReportMetric(took[len(took)*95/100], "95%-ms")
			b.ReportMetric(took[len(took)-1], "most-ms")
		})
	}
}

// BenchmarkTrainingBesideLab compares training throughput alone and in an idle Lab.
func BenchmarkTrainingBesideLab(b *testing.B) {
	l, c := openForTraining(b)
	c.Epochs, c.Steps = 0, 40
	speed := func(dir string) float64 {
		steps := events[*train.StepEvent](b, dir)
		images, seconds := 0.0, 0.0
		for _, e := range steps[len(steps)/4:] {
			images, seconds = images+1, seconds+1/e.ImagesPerSecond
		}
		return images / seconds
	}
	var alone, beside []float64
	for b.Loop() {
		dir := filepath.Join(b.TempDir(), "alone")
		device, err := device.Open("cpu", plan.DeviceOptions{Threads: c.Threads})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := train.Run(b.Context(), dir, c, l.selected.Load().data.Data, device, train.Options{}); err != nil {
			b.Fatal(err)
		}
		alone = append(alone, speed(dir))
		dir = filepath.Join(b.TempDir(), "beside")
		t, err := l.Train(b.Context(), c, dir)
		if err != nil {
			b.Fatal(err)
		}
		if <-t.Done(); t.Err() != nil {
			b.Fatal(t.Err())
		}
		beside = append(beside, speed(dir))
	}
	slices.Sort(alone)
	slices.Sort(beside)
	b.ReportMetric(alone[len(alone)/2], "alone-images/s")
	b.ReportMetric(beside[len(beside)/2], "lab-images/s")
}
