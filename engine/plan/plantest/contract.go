package plantest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// Contract tests the contract of plan.Executable except for numerical results.
func Contract(t *testing.T, dev plan.Device) {
	for name, test := range map[string]func(*testing.T, plan.Executable){
		"names": namesChecked, "copies": dataCopied, "canceled": runCancelled, "outputs": outputsOfLastRun,
	} {
		t.Run(name, func(t *testing.T) {
			exe, err := dev.Compile(product(t), nil)
			must(t, err)
			defer exe.Close()
			test(t, exe)
		})
	}
	t.Run("yields", func(t *testing.T) { runYields(t, dev) })
	t.Run("several at once", func(t *testing.T) { severalAtOnce(t, dev) })
}

// namesChecked: unknown names and wrong lengths are errors.
func namesChecked(t *testing.T, exe plan.Executable) {
	w, x, y := make([]float32, 12), make([]float32, 6), make([]float32, 8)
	for what, err := range map[string]error{
		"an unknown parameter":    exe.SetParam("v", w),
		"an input as a parameter": exe.SetParam("x", x),
		"a short parameter":       exe.SetParam("w", w[1:]),
		"an unknown input":        exe.SetInput("v", x),
		"a parameter as an input": exe.SetInput("w", w),
		"a long input":            exe.SetInput("x", append(x, 0)),
		"running before all set":  exe.Run(context.Background()),
		"an unknown output":       exe.Output("z", y),
		"a short output":          exe.Output("y", y[1:]),
	} {
		if err == nil {
			t.Error(what, "is not an error")
		}
	}
}

// dataCopied: callers may modify data after passing it, and an input stays until it is set again.
func dataCopied(t *testing.T, exe plan.Executable) {
	for run := range 3 {
		w, x := ramp(12, run), ramp(6, 1)
		must(t, exe.SetParam("w", w))
		if run == 0 {
			must(t, exe.SetInput("x", x))
		}
		clear(w)
		clear(x)
		expect(t, exe, ramp(12, run), ramp(6, 1))
	}
}

// outputsOfLastRun: a run that has not ended, perhaps, when Run returns, is not affected by what
// is set or canceled afterwards; its outputs can be read more than once, and runs need not be read.
func outputsOfLastRun(t *testing.T, exe plan.Executable) {
	ctx, cancel := context.WithCancel(context.Background())
	must(t, errors.Join(exe.SetParam("w", ramp(12, 0)), exe.SetInput("x", ramp(6, 0)), exe.Run(ctx)))
	must(t, errors.Join(exe.SetParam("w", ramp(12, 1)), exe.SetInput("x", ramp(6, 2)), exe.Run(ctx)))
	must(t, errors.Join(exe.SetParam("w", ramp(12, 3)), exe.SetInput("x", ramp(6, 4))))
	cancel()
	for range 2 {
		got := make([]float32, 8)
		if err := exe.Output("y", got); err != nil || !slices.Equal(got, productOf(ramp(12, 1), ramp(6, 2))) {
			t.Errorf("y of the last run is %v, want %v: %v", got, productOf(ramp(12, 1), ramp(6, 2)), err)
		}
	}
	expect(t, exe, ramp(12, 3), ramp(6, 4))
	must(t, exe.Run(context.Background())) // closed while it runs, perhaps
}

// runCancelled: a canceled context stops a run, and the next run is unaffected.
func runCancelled(t *testing.T, exe plan.Executable) {
	must(t, exe.SetParam("w", ramp(12, 0)))
	must(t, exe.SetInput("x", ramp(6, 0)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := exe.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v for a canceled context", err)
	}
	expect(t, exe, ramp(12, 0), ramp(6, 0))
}

// runYields: a run yields at least once, under any context, and ends with the error of yield.
func runYields(t *testing.T, dev plan.Device) {
	calls, last := 0, -1
	ended := errors.New("ended")
	count := func(ctx context.Context) error {
		if calls++; calls == last {
			return ended
		}
		return ctx.Err()
	}
	exe, err := plan.Yielding(dev, count).Compile(product(t), nil)
	must(t, err)
	defer exe.Close()
	must(t, errors.Join(exe.SetParam("w", ramp(12, 0)), exe.SetInput("x", ramp(6, 0))))
	type key struct{}
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 1), time.Hour)
	defer cancel()
	must(t, exe.Run(ctx))
	all := calls
	if all == 0 {
		t.Fatal("a run does not yield")
	}
	for last = 1; last <= all; last++ {
		calls = 0
		if err := exe.Run(ctx); !errors.Is(err, ended) || calls != last {
			t.Errorf("with an error at yield %d, a run yields %d times: %v", last, calls, err)
		}
	}
	last, calls = -1, 0
	twice, err := plan.Yielding(plan.Yielding(dev, count), count).Compile(product(t), nil)
	must(t, err)
	defer twice.Close()
	must(t, errors.Join(twice.SetParam("w", ramp(12, 0)), twice.SetInput("x", ramp(6, 0)), twice.Run(ctx)))
	if calls != 2*all {
		t.Errorf("a run with two yields composed yields %d times, want %d", calls, 2*all)
	}
}

// severalAtOnce: executables of one program are independent.
func severalAtOnce(t *testing.T, dev plan.Device) {
	p := product(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			exe, err := dev.Compile(p, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer exe.Close()
			for run := range 5 {
				if err := errors.Join(exe.SetParam("w", ramp(12, i)), exe.SetInput("x", ramp(6, run))); err != nil {
					t.Error(err)
					return
				}
				expect(t, exe, ramp(12, i), ramp(6, run))
			}
		})
	}
	wg.Wait()
}

// product returns a program for y = 2·relu(x·w) with x [2,3] and w [3,4].
func product(t *testing.T) *plan.Program {
	t.Helper()
	g := gorgonia.NewGraph()
	x, err := op.Input(g, "x", 2, 3)
	must(t, err)
	w, err := op.Param(g, "w", 3, 4)
	must(t, err)
	xw, err := op.Apply(op.LinearInputGrad{}, w, x)
	must(t, err)
	half, err := op.Apply(op.ReLU{}, xw)
	must(t, err)
	y, err := op.Apply(op.Add{}, half, half)
	must(t, err)
	p, err := plan.Lower(g, map[string]*gorgonia.Node{"y": y})
	must(t, err)
	return p
}

// ramp returns n numbers around 0 that depend on k.
func ramp(n, k int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32((i*5+k*3)%7) - 3
	}
	return v
}

// expect runs product and checks its output for the given w and x. It may be called from any
// goroutine.
func expect(t *testing.T, exe plan.Executable, w, x []float32) {
	t.Helper()
	want, got := productOf(w, x), make([]float32, 8)
	if err := errors.Join(exe.Run(context.Background()), exe.Output("y", got)); err != nil {
		t.Error(err)
	} else if !slices.Equal(got, want) {
		t.Errorf("y is %v, want %v", got, want)
	}
}

// productOf is product's y.
func productOf(w, x []float32) []float32 {
	y := make([]float32, 8)
	for i := range y {
		for k := range 3 {
			y[i] += 2 * x[i/4*3+k] * w[k*4+i%4]
		}
		y[i] = max(y[i], 0)
	}
	return y
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
