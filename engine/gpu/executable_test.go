package gpu

import (
	"context"
	"errors"
	"testing"

	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// TestBursts: background work on a GPU yields every few launches, and ends where yield does.
func TestBursts(t *testing.T) {
	net, err := nets.ByName("resnet20")
	must(t, err)
	p, err := plantest.Lowered(net.Graph(nets.Build{Batch: 2, BatchStatistics: true, Train: true}))
	must(t, err)
	device := &paper{tables: make(map[int][]byte)}
	ended := errors.New("ended")
	yields, last := 0, -1
	exe, err := New(device, plan.DeviceOptions{}).Compile(p, func(context.Context) error {
		if yields == last {
			return ended
		}
		yields++
		return nil
	})
	must(t, err)
	defer exe.Close()
	for _, v := range p.Values {
		switch v.Kind {
		case plan.Input:
			must(t, exe.SetInput(v.Name, make([]float32, v.Size())))
		case plan.Param:
			must(t, exe.SetParam(v.Name, make([]float32, v.Size())))
		}
	}
	device.launches = nil
	must(t, exe.Run(t.Context()))
	if all := len(device.launches); yields != (all+burst-1)/burst || yields < 4 {
		t.Errorf("%d yields for %d launches", yields, all)
	}
	device.launches, yields, last = nil, 0, 2
	if err := exe.Run(t.Context()); err != ended || len(device.launches) != 2*burst {
		t.Errorf("%v after %d launches", err, len(device.launches))
	}
}
