package benchmark

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hfcui/engine/model"
	"hfcui/engine/nets"
)

func TestMeasureWarmsUpThenCounts(t *testing.T) {
	runs := 0
	times, err := measure(t.Context(), job{run: func(context.Context) error { runs++; return nil }})
	if err != nil || runs < warmRuns+2*timedRuns || (runs-warmRuns)%timedRuns != 0 || len(times) != timedRuns {
		t.Errorf("a job without cost: %d runs, %d timed, %v", runs, len(times), err)
	}
	runs = 0
	times, err = measure(t.Context(), job{run: func(context.Context) error { runs++; time.Sleep(shortest); return nil }})
	if err != nil || runs != warmRuns+timedRuns || len(times) != timedRuns {
		t.Errorf("a long job: %d runs, %d timed, %v", runs, len(times), err)
	}
	broken := errors.New("broken")
	if _, err := measure(t.Context(), job{run: func(context.Context) error { return broken }}); err != broken {
		t.Errorf("a failed run returns %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = measure(ctx, job{run: func(context.Context) error { cancel(); return nil }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled measurement returns %v", err)
	}
}

func TestMedianIsTheMiddleOne(t *testing.T) {
	if m := median([]time.Duration{5, 1, 100, 3, 4}); m != 4 {
		t.Errorf("%v", m)
	}
}

// TestEveryWorkRuns times each job at the smallest size and checks that results are consistent.
func TestEveryWorkRuns(t *testing.T) {
	for _, work := range Works() {
		t.Run(work, func(t *testing.T) {
			encoded := 0
			c := Config{Work: work, Net: "resnet20-w4", Batch: 2, Threads: 1, Width: 24, Height: 16,
				Encode: func(w, h int, pixels []byte) {
					encoded++
					if w != 24 || h != 16 || len(pixels) != 3*24*16 || slices.Max(pixels)-slices.Min(pixels) < 64 {
						t.Errorf("a picture of %d×%d, %d bytes from %d to %d", w, h, len(pixels), slices.Min(pixels), slices.Max(pixels))
					}
				}}
			r, err := Run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Milliseconds) != timedRuns || !(slices.Min(r.Milliseconds) > 0) {
				t.Errorf("runs took %v ms", r.Milliseconds)
			}
			want := float64(r.Batch) * 1e3 / slices.Sorted(slices.Values(r.Milliseconds))[timedRuns/2]
			if r.ImagesPerSecond < want*0.999 || r.ImagesPerSecond > want*1.001 {
				t.Errorf("%v images/s, but %v by the median run", r.ImagesPerSecond, want)
			}
			if network := work != "split" && work != "sixel"; (r.Net == c.Net) != network || (r.Width == side) != network {
				t.Errorf("net %q, images of %d×%d", r.Net, r.Width, r.Height)
			}
			if wants := map[bool]int{true: pictures * (warmRuns + timedRuns)}[work == "sixel"]; encoded < wants || encoded%pictures != 0 || wants == 0 && encoded > 0 {
				t.Errorf("%d pictures were encoded, want %d", encoded, wants)
			}
		})
	}
}

// TestModelFile measures a network of a file at its own input size and number of classes.
func TestModelFile(t *testing.T) {
	m, err := model.New("lenet5", [3]int{1, 12, 20}, []string{"a", "b", "c"}, nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	for _, work := range []string{"train", "infer", "bands", "attack"} {
		r, err := Run(t.Context(), Config{Work: work, Model: path, Batch: 2, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if r.Net != "lenet5" || r.Model != path || r.Input != [3]int{1, 12, 20} || r.Height != 12 || r.Width != 20 || r.ImagesPerSecond <= 0 {
			t.Errorf("%+v", r)
		}
		if runtime.GOOS == "linux" && r.PeakMemory < 1<<20 {
			t.Errorf("%s had at most %d bytes", work, r.PeakMemory)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []Config{
		{Work: "nothing"},
		{Work: "train", Net: "nosuch", Batch: 2},
		{Work: "split", Batch: 1024, Width: 4096, Height: 4096},
	} {
		if r, err := Run(t.Context(), c); err == nil {
			t.Errorf("%+v returns %+v", c, r)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %v", err)
		}
	}
}
