package uitest

import (
	"math"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// History is what a run of so many epochs tells, a step event and bands an epoch.
func History(epochs int, top float64) []train.Event {
	var list []train.Event
	score := func(share float64) *measure.Score { return &measure.Score{Correct: int(200 * share), N: 200} }
	for e := 1; e <= epochs; e++ {
		grown := top * (1 - math.Exp(-4*float64(e)/float64(epochs)))
		at := train.Stamp{Time: time.Unix(1700000000+int64(e), 0), Seconds: float64(3 * e), Step: 10 * e, Epoch: e}
		list = append(list, &train.StepEvent{Stamp: at, Steps: 10 * epochs, Loss: 2.3 - grown, Train: score(grown), LearningRate: 0.1 / float64(e), ImagesPerSecond: 1234, Cores: 1.5 + grown/2, Memory: 2e8 + 1e6*int64(e)},
			&train.EpochEvent{Stamp: at, Loss: 2.3 - grown, Train: score(grown), Test: score(grown * 0.9), LearningRate: 0.1 / float64(e), ImagesPerSecond: 1230})
		b := &train.BandsEvent{Stamp: at, Split: "test", N: 200, Normalize: "none", BN: "running", Whole: *score(grown)}
		for _, part := range []string{"low", "high"} {
			for i, r := range []float64{4, 8, 12} {
				s := score(grown * float64(i+1) / 4)
				one := bands.Band{R: r, Part: part}
				one.Correct, one.N = s.Correct, s.N
				b.Bands = append(b.Bands, one)
			}
		}
		list = append(list, b)
	}
	return list
}
