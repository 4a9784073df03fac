package lab

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/device"
	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
	"hfcui/engine/view"
)

// failing is a device that can be lost: then all that is done on it fails.
type failing struct {
	plan.Device
	lost atomic.Bool
}

func (d *failing) ID() string   { return "opencl:0" }
func (d *failing) Name() string { return "opencl test" }

func (d *failing) check() error {
	if d.lost.Load() {
		return &hal.Lost{Device: d.ID(), Cause: errors.New("driver restarted")}
	}
	return nil
}

func (d *failing) Compile(p *plan.Program, y plan.Yield) (plan.Executable, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	e, err := d.Device.Compile(p, y)
	return failingProgram{e, d}, err
}

type failingProgram struct {
	plan.Executable
	d *failing
}

func (e failingProgram) SetParam(name string, data []float32) error {
	return errors.Join(e.d.check(), e.Executable.SetParam(name, data))
}

func (e failingProgram) Run(ctx context.Context) error {
	if err := e.d.check(); err != nil {
		return err
	}
	return e.Executable.Run(ctx)
}

func (e failingProgram) Close() error { return errors.Join(e.d.check(), e.Executable.Close()) }

// onFailing opens a model on a device that can be lost.
func onFailing(t *testing.T) (*Lab, *failing) {
	t.Helper()
	l := openSmall(t)
	cpu, err := device.Open(device.CPU, plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	d := &failing{Device: cpu}
	l.compute.Store(&compute{name: "opencl", options: plan.DeviceOptions{Threads: 2}, now: d})
	before := l.selected.Load()
	next, err := before.with(newStudy(before.model, before.modelSource, l.compute.Load(), l.gate, before.data), "")
	if err != nil {
		t.Fatal(err)
	}
	l.selected.Store(next)
	if err := before.retire(); err != nil {
		t.Fatal(err)
	}
	return l, d
}

// When the device is lost, requests succeed on the CPU, those under way too, and results are what
// they were, with the smoothing that was set.
func TestCPUTakesOver(t *testing.T) {
	l, d := onFailing(t)
	smoothed := view.Request{Index: 3, R: 6}
	smoothed.Smoothing.Rho = 0.5
	ask := func() []any {
		t.Helper()
		v, err := l.View(t.Context(), smoothed)
		if err != nil {
			t.Fatal(err)
		}
		var a []any
		a = append(a, v.Predictions)
		for _, o := range []AttackRequest{{Index: 5, R: 6, Options: fgsm(0.03)}} {
			attacked, err := l.Attack(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			a = append(a, attacked.LInf, attacked.After)
		}
		return a
	}
	measured := func(lose bool) bands.Result {
		t.Helper()
		r, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{4, 8}}, func(bands.Result) { d.lost.Store(lose) })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if info := l.Info(); info.Device != "opencl test" || l.Loss() != "" {
		t.Fatalf("%s, %q", info.Device, l.Loss())
	}
	before := ask()
	during := measured(true)
	if after := ask(); !reflect.DeepEqual(before, after) {
		t.Errorf("on the CPU\n%v, before\n%v", after, before)
	}
	const loss = "opencl:0 stopped working: driver restarted; the CPU has taken over"
	if info := l.Info(); l.Loss() != loss || !strings.HasPrefix(info.Device, "cpu") || !strings.Contains(info.Note, loss) {
		t.Errorf("%q, %s, %s", l.Loss(), info.Device, info.Note)
	}
	if c, _, err := l.Recipe(); err != nil || c.Device != device.CPU {
		t.Errorf("new runs are on %s: %v", c.Device, err)
	}
	// The same measurement on the CPU from the start.
	if err := l.Reopen(t.Context(), Choice{Device: device.CPU}); err != nil {
		t.Fatal(err)
	}
	if l.Loss() != "" {
		t.Errorf("after a choice: %s", l.Loss())
	}
	if again := measured(false); !reflect.DeepEqual(again.Radii, during.Radii) || again.Whole != during.Whole {
		t.Errorf("bands differ:\n%+v\n%+v", again, during)
	}
}

// The devices are the CPU and what is found, one of them in use; kinds that are missing say why.
func TestDevices(t *testing.T) {
	l := openSmall(t)
	list := l.Devices()
	if len(list) < 2 || list[0].Name != device.CPU {
		t.Errorf("%+v", list)
	}
	for _, d := range list {
		if d.InUse != (d.Name == device.CPU) || d.InUse && !d.Found || d.About == "" || device.Check(d.Name) != nil {
			t.Errorf("%+v", d)
		}
	}
}

// Another device is chosen with the model and data that are open; a device that cannot be opened
// leaves everything as it is.
func TestDeviceIsChosen(t *testing.T) {
	l, _ := onFailing(t)
	before := l.Info()
	if err := l.Reopen(t.Context(), Choice{Device: "opencl:1000"}); err == nil {
		t.Error("a device that is missing is opened")
	}
	if after := l.Info(); !reflect.DeepEqual(before, after) {
		t.Errorf("%+v became %+v", before, after)
	}
	if err := l.Reopen(t.Context(), Choice{Device: device.Auto}); err != nil {
		t.Fatal(err)
	}
	after := l.Info()
	if after.Device == before.Device || after.Model != before.Model || after.Data != before.Data {
		t.Errorf("%+v became %+v", before, after)
	}
	if _, err := l.View(t.Context(), view.Request{Index: 3, R: 6}); err != nil {
		t.Error(err)
	}
}
