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

// TestOutOfMemoryWithoutAllocation: the error of what a runtime has no memory for names that.
func TestOutOfMemoryWithoutAllocation(t *testing.T) {
	for want, e := range map[string]hal.OutOfMemory{
		"cuda:0 is out of memory: 2.5 MB needed, 1.0 MB are free":                                 {Device: "cuda:0", Need: 2.5e6, Free: 1e6},
		"opencl:0 is out of memory: launching conv_16 failed; use a smaller batch":                {Device: "opencl:0", Doing: "launching conv_16"},
		"cuda:0 is out of memory: launching conv_16 failed; use a smaller batch, 3.0 MB are free": {Device: "cuda:0", Doing: "launching conv_16", Free: 3e6},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
