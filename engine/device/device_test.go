package device

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

func TestOpen(t *testing.T) {
	for _, name := range []string{"", "auto", "cpu"} {
		d, err := Open(name, plan.DeviceOptions{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		if d.ID() != "cpu" || d.Threads() != 2 || d.CacheSize() <= 0 || !strings.HasPrefix(d.Name(), "cpu ") || d.Note() != "" {
			t.Errorf("%q opens %s, %s, %d threads, cache of %d bytes, note %q", name, d.ID(), d.Name(), d.Threads(), d.CacheSize(), d.Note())
		}
	}
	if kernels := Kernels("cpu"); len(kernels) == 0 || kernels[len(kernels)-1] != "portable" {
		t.Errorf("kernels %q", kernels)
	}
}

func TestUnknownNames(t *testing.T) {
	for _, name := range []string{"gpu", "cpu:0", "cpu:", "CPU", "auto:1", " "} {
		_, err := Open(name, plan.DeviceOptions{})
		if err == nil || Check(name) == nil || !strings.Contains(err.Error(), "use auto, cpu") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if !slices.Equal(Names(), []string{"auto", "cpu"}) || Check("auto") != nil {
		t.Errorf("names are %q", Names())
	}
}

// A kind of device that is missing does not keep auto from the next, and is named by its
// number where there are several.
func TestDriversAreTriedInOrder(t *testing.T) {
	missing, opened := errors.New("no driver"), -1
	l := list{
		{Name: "gone", Open: func(int, plan.DeviceOptions) (plan.Device, error) { return nil, missing }},
		{Name: "many", Numbered: true, Open: func(number int, _ plan.DeviceOptions) (plan.Device, error) {
			opened = number
			return plantest.Reference(), nil
		}},
	}
	for name, number := range map[string]int{"auto": 0, "many": 0, "many:3": 3} {
		if _, err := l.open(name, plan.DeviceOptions{}); err != nil || opened != number {
			t.Errorf("%s opens number %d: %v", name, opened, err)
		}
	}
	if _, err := l.open("gone", plan.DeviceOptions{}); !errors.Is(err, missing) {
		t.Errorf("a device that is missing: %v", err)
	}
	if _, err := l[:1].open("auto", plan.DeviceOptions{}); !errors.Is(err, missing) {
		t.Errorf("no device at all: %v", err)
	}
	for _, name := range []string{"gone:1", "many:x", "many:-1", "many:"} {
		if _, err := l.open(name, plan.DeviceOptions{}); err == nil || !strings.Contains(err.Error(), "use auto, gone, many[:N]") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
