package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// writeCorrupted writes n random images in two corruptions, as CIFAR-10-C has them.
func writeCorrupted(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, shape string, data []byte) {
		header := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }", shape)
		header += strings.Repeat(" ", 117-len(header)) + "\n"
		file := append([]byte("\x93NUMPY\x01\x00\x76\x00"+header), data...)
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	pixels := make([]byte, 5*n*32*32*3)
	for _, name := range []string{"fog", "snow"} {
		for i := range pixels {
			pixels[i] = byte(random.Uint32())
		}
		write(name+".npy", fmt.Sprintf("%d, 32, 32, 3", 5*n), pixels)
	}
	labels := make([]byte, n)
	for i := range labels {
		labels[i] = byte(i % 10)
	}
	write("labels.npy", fmt.Sprintf("%d,", 5*n), slices.Repeat(labels, 5))
	return dir
}

// TestCorrupted: the results of versions are those of each when it is open, also after a cancellation.
func TestCorrupted(t *testing.T) {
	dir := writeCorrupted(t, 120)
	data, err := dataset.Open(t.Context(), dir, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New("resnet8-w4", [3]int{3, 32, 32}, data.Test.Classes(), nets.He, 3)
	if err := errors.Join(err, data.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "small.safetensors")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	open := func(o Options) *Lab {
		o.Model, o.Data, o.Threads = file, dir, 2
		l, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	l := open(Options{Versions: true})
	if info := l.Info(); strings.Contains(info.Note, "choose one") {
		t.Errorf("a caveat that all are measured: %q", info.Note)
	}
	q := CorruptedRequest{Corruptions: l.Info().Corruptions, BandsRequest: BandsRequest{Radii: []float64{6}}}
	ctx, cancel := context.WithCancel(t.Context())
	rough := false // all versions on a few images before any on all
	_, err = l.Corrupted(ctx, q, func(c bands.Corrupted) {
		if _, _, fewest := c.Count(); fewest > 0 {
			rough = rough || !c.Results[0][0].Done
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !rough {
		t.Fatalf("%v, rough first: %v", err, rough)
	}
	got, err := l.Corrupted(t.Context(), q, nil)
	if err != nil || !got.Done() || got.Versions() != 10 {
		t.Fatalf("%v, %d versions", err, got.Versions())
	}
	now := l.selected.Load()
	var first, last [3 * 32 * 32]float32
	for into, v := range map[*[3 * 32 * 32]float32]Version{&first: {"fog", 1}, &last: {"fog", 5}} {
		source, err := now.version(v)
		if err == nil {
			err = source.ReadBatch(into[:], make([]int, 1), []int{0})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if first == last {
		t.Error("severities have the same images")
	}
	for _, v := range [][2]int{{0, 0}, {1, 4}} {
		c := q.Corruptions[v[0]]
		one := open(Options{Corruption: c.Name, Severity: c.Severities[v[1]]})
		want, err := one.Bands(t.Context(), q.BandsRequest, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r := got.Results[v[0]][v[1]]; r.Whole != want.Whole || r.Low[0] != want.Low[0] || r.High[0] != want.High[0] {
			t.Errorf("%s %d: %+v, want %+v", c.Name, c.Severities[v[1]], r.Whole, want.Whole)
		}
	}
}

func TestChooseCorruptions(t *testing.T) {
	there := []dataset.Corruption{{Name: "fog", Severities: []int{1, 2, 3}}, {Name: "snow", Severities: []int{1, 3}}}
	for _, c := range []struct {
		names      []string
		severities []int
		want       string // corruptions, or part of the error
	}{
		{nil, nil, "[{fog [1 2 3]} {snow [1 3]}]"},
		{[]string{"Snow"}, nil, "[{snow [1 3]}]"},
		{nil, []int{3, 1}, "[{fog [1 3]} {snow [1 3]}]"},
		{[]string{"fog", "rain"}, nil, `has no corruption "rain": use fog, snow`},
		{nil, []int{2}, "has severities 1 3 of snow"},
	} {
		got, err := ChooseCorruptions("data", there, c.names, c.severities)
		if text := fmt.Sprint(got); err == nil && text != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: %s, %v", c.names, c.severities, text, err)
		}
	}
	if _, err := ChooseCorruptions("data", nil, nil, nil); err == nil {
		t.Error("data without corruptions have some")
	}
}
