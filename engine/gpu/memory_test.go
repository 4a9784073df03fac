package gpu

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// small is a device of little memory.
type small struct {
	*paper
	free int
}

func (s small) Alloc(n int) (hal.Buffer, error) {
	if n > s.free {
		return nil, &hal.OutOfMemory{Device: "small", Need: int64(n), Free: int64(s.free)}
	}
	return s.paper.Alloc(n)
}

// TestOutOfMemory: the error names a batch that fits, and it does.
func TestOutOfMemory(t *testing.T) {
	compile := func(batch, free int) error {
		net, err := nets.ByName("resnet20")
		must(t, err)
		p, err := plantest.Lowered(net.Graph(nets.Build{Batch: batch, BatchStatistics: true, Train: true}))
		must(t, err)
		exe, err := New(small{&paper{tables: make(map[int][]byte)}, free}, plan.DeviceOptions{}).Compile(p, nil)
		if err == nil {
			must(t, exe.Close())
		}
		return err
	}
	err := compile(128, 100e6)
	if !errors.As(err, new(*hal.OutOfMemory)) {
		t.Fatal(err)
	}
	var fits int
	_, hint, _ := strings.Cut(err.Error(), "; ")
	if _, scan := fmt.Sscanf(hint, "a batch of %d fits", &fits); scan != nil || fits < 32 || fits > 127 {
		t.Fatalf("%v: %q", err, hint)
	}
	must(t, compile(fits, 100e6))
	if err := compile(128, 1e6); err == nil || !strings.Contains(err.Error(), "no batch fits") {
		t.Error(err)
	}
}
