package train

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"hfcui/engine/measure"
)

// Lines that decodeStep takes mean the same to encoding/json, also damaged ones, and it takes all that
// are written.
func TestDecodeStep(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	slow := func(line []byte) (Event, error) {
		e := newEvent("step")
		err := json.Unmarshal(line, e)
		return e, err
	}
	for i := range 2000 {
		e := &StepEvent{Stamp: Stamp{Type: "step", Time: time.Unix(random.Int64N(2e9), random.Int64N(1e9)).UTC(), Seconds: random.ExpFloat64() * 1e4, Step: random.IntN(1e6), Epoch: random.IntN(100)},
			Steps: random.IntN(1e6), Loss: random.NormFloat64() * 1e-3, LearningRate: random.Float64() * 1e-9, ImagesPerSecond: 1e22 * random.Float64()}
		if i%2 == 0 {
			e.Train = &measure.Score{Correct: random.IntN(100), N: 100}
		}
		if i%3 == 0 {
			e.Cores, e.Memory = random.Float64(), random.Int64N(1e12)
		}
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		want, err := slow(line)
		got, ok := decodeStep(line)
		if err != nil || !ok || !reflect.DeepEqual(Event(got), want) {
			t.Fatalf("%s: %+v, want %+v", line, got, want)
		}
		for range 20 {
			damaged := append([]byte{}, line...)
			const letters = `0123456789-+.eE",:{} x`
			damaged[random.IntN(len(line))] = letters[random.IntN(len(letters))]
			got, ok := decodeStep(damaged)
			if !ok {
				continue
			}
			if want, err := slow(damaged); err != nil || !reflect.DeepEqual(Event(got), want) {
				t.Fatalf("%s: %+v, want %+v, %v", damaged, got, want, err)
			}
		}
	}
}

// BenchmarkDecodeStep measures a line of a run.
func BenchmarkDecodeStep(b *testing.B) {
	line := []byte(`{"type":"step","time":"2026-11-30T15:34:20.123456789Z","seconds":12.345678,"step":1234,"epoch":3,"steps":10000,"loss":1.2345678,"train":{"correct":90,"n":128,"accuracy":0.703125,"ci95":[0.61912,0.77534]},"learning_rate":0.0994,"images_per_s":97.123,"cpu_cores":1.93,"memory_bytes":123456789}`)
	for b.Loop() {
		if _, err := Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}
