package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/gpu/hal"
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
	for _, name := range []string{"gpu", "cpu:0", "cpu:", "CPU", "auto:1", " ", "opencl:", "opencl:x", "opencl:-1", "opencl:70000"} {
		_, err := Open(name, plan.DeviceOptions{})
		if err == nil || Check(name) == nil || !strings.Contains(err.Error(), "use auto, cpu") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if !slices.Equal(Names(), []string{"auto", "cpu", "cuda", "opencl"}) || Check("auto") != nil || Check("opencl:3") != nil {
		t.Errorf("names are %q", Names())
	}
}

// fakes are drivers that report what is opened: a kind that is missing, one of numbered devices,
// and one that is always there.
func fakes(found ...plan.Found) (l list, opened *string) {
	opened = new(string)
	l = list{
		{Name: "host", Open: func(int, plan.DeviceOptions) (plan.Device, error) {
			*opened = "host"
			return plantest.Reference(), nil
		}},
		{Name: "gone", Numbered: true,
			List: func() ([]plan.Found, error) { return nil, errMissing },
			Open: func(int, plan.DeviceOptions) (plan.Device, error) { return nil, errMissing }},
		{Name: "many", Numbered: true,
			List: func() ([]plan.Found, error) { return found, nil },
			Open: func(number int, _ plan.DeviceOptions) (plan.Device, error) {
				if number < len(found) && found[number].Name == "broken" {
					return nil, errMissing
				}
				*opened = fmt.Sprintf("many:%d", number)
				return plantest.Reference(), nil
			}},
	}
	return l, opened
}

var errMissing = errors.New("no gone: no driver; install it")

func yes() bool { return true }
func no() bool  { return false }

func TestNumbers(t *testing.T) {
	l, opened := fakes()
	for name, want := range map[string]string{"host": "host", "many": "many:0", "many:3": "many:3"} {
		if _, err := l.open(name, plan.DeviceOptions{}, no); err != nil || *opened != want {
			t.Errorf("%s opens %s: %v", name, *opened, err)
		}
	}
	if _, err := l.open("gone:1", plan.DeviceOptions{}, yes); !errors.Is(err, errMissing) {
		t.Errorf("a device that is missing: %v", err)
	}
	for _, name := range []string{"host:1", "many:x", "many:-1", "many:"} {
		if _, err := l.open(name, plan.DeviceOptions{}, yes); err == nil || !strings.Contains(err.Error(), "use auto, host, gone[:N], many[:N]") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// auto is the first GPU that can be opened, never a processor through a GPU's library, and else the
// CPU; the report says so beforehand. Without a GPU's hardware no library is loaded.
func TestAuto(t *testing.T) {
	cpu := plan.Found{ID: "many:0", CPU: true}
	gpu := plan.Found{ID: "many:1", Name: "fast"}
	second := plan.Found{ID: "many:2", Name: "faster"}
	unavailable := plan.Found{ID: "many:1", Unavailable: "its driver cannot compile"}
	broken := plan.Found{ID: "many:0", Name: "broken"}
	for _, c := range []struct {
		found      []plan.Found
		hardware   bool
		want, why  string
		wantReport string
	}{
		{nil, true, "host", "no GPU found", CPU},
		{[]plan.Found{cpu}, true, "host", "no GPU found; OpenCL on the CPU is slower", CPU},
		{[]plan.Found{cpu, gpu, second}, true, "many:1", "the first GPU", "many:1"},
		{[]plan.Found{cpu, gpu}, false, "host", "no GPU in this machine", CPU},
		{[]plan.Found{cpu, unavailable}, true, "host", "no GPU can be used: many:1: its driver cannot compile", CPU},
		{[]plan.Found{cpu, unavailable, second}, true, "many:2", "the first GPU", "many:2"},
		{[]plan.Found{broken}, true, "host", "", ""},
		{[]plan.Found{broken, gpu}, true, "many:1", "", ""},
	} {
		l, opened := fakes(c.found...)
		hardware := no
		if c.hardware {
			hardware = yes
		} else {
			l[2].List = func() ([]plan.Found, error) { panic("a library is loaded") }
		}
		for _, name := range []string{"", "auto"} {
			if _, err := l.open(name, plan.DeviceOptions{}, hardware); err != nil || *opened != c.want {
				t.Errorf("%v opens %s, not %s: %v", c.found, *opened, c.want, err)
			}
		}
		if c.why == "" || !c.hardware {
			continue
		}
		r := l.report(c.hardware)
		if r.Auto != c.wantReport || r.Why != c.why || !slices.Equal(r.Missing, []Missing{{"gone", errMissing.Error()}}) || !slices.Equal(r.Found, c.found) {
			t.Errorf("%v: %+v", c.found, r)
		}
	}
}

func TestHardware(t *testing.T) {
	dir := t.TempDir()
	patterns := []string{filepath.Join(dir, "dri", "renderD*"), filepath.Join(dir, "nvidia[0-9]*")}
	if anyExists(patterns) {
		t.Error("a GPU in an empty folder")
	}
	if err := os.WriteFile(filepath.Join(dir, "nvidia0"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if !anyExists(patterns) {
		t.Error("nvidia0 is no GPU")
	}
}

func TestLost(t *testing.T) {
	for _, err := range []error{nil, errMissing, fmt.Errorf("running: %w", &hal.Lost{Device: "cuda:0", Cause: errMissing})} {
		id, lost := Lost(err)
		if want := errors.Is(err, errMissing) && err != errMissing; lost != want || lost && id != "cuda:0" {
			t.Errorf("%v: %s, %v", err, id, lost)
		}
	}
}

// The devices of this machine: each that is listed opens by its ID, or says why not.
func TestListed(t *testing.T) {
	r := List()
	if len(r.Found) == 0 && os.Getenv("CI") != "" {
		t.Fatal("no OpenCL: ", r.Missing)
	}
	for _, f := range r.Found {
		d, err := Open(f.ID, plan.DeviceOptions{})
		switch {
		case f.Unavailable != "":
			if err == nil {
				t.Errorf("%s opens, and is unavailable: %s", f.ID, f.Unavailable)
			}
		case err != nil:
			t.Error(err)
		case d.ID() != f.ID || !strings.Contains(d.Name(), f.Name) || d.Threads() < 1 || f.CPU == (d.Note() == ""):
			t.Errorf("%+v opens %s, %s, %q", f, d.ID(), d.Name(), d.Note())
		}
		if f.CPU && r.Auto == f.ID {
			t.Errorf("auto chooses %s", f.ID)
		}
	}
	const missing = "opencl:1000"
	if _, err := Open(missing, plan.DeviceOptions{}); err == nil || !strings.Contains(err.Error(), "no OpenCL") && !strings.Contains(err.Error(), "no device "+missing) {
		t.Errorf("%s: %v", missing, err)
	}
}
