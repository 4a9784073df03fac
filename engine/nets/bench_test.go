package nets_test

import (
	"testing"

	"hfcui/engine/nets"
	"hfcui/engine/plan/plantest"
)

// BenchmarkProgram builds and lowers ResNet-20, which is part of the explorer's start time.
func BenchmarkProgram(b *testing.B) {
	for name, build := range map[string]nets.Build{
		"evaluation": {Batch: 3},
		"training":   {Batch: 128, BatchStatistics: true, Train: true},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n, err := nets.ByName("resnet20")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := plantest.Lowered(n.Graph(build)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
