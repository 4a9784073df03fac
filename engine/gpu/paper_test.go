package gpu

import (
	"bytes"
	"encoding/binary"
	flags "flag"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

var updatePaper = flags.Bool("update", false, "write the figures reckoned from launches to README.md")

// paper is a device that computes nothing: it notes what it is asked to launch.
type paper struct {
	launches []hal.Launch
	tables   map[int][]byte // what was uploaded, by its place
}

type paperBuffer int

func (b paperBuffer) Bytes() int { return int(b) }
func (paperBuffer) Free()        {}

type paperProgram struct{}

type paperKernel string

func (k paperKernel) Name() string { return string(k) }

func (paperProgram) Kernel(name string) (hal.Kernel, error) { return paperKernel(name), nil }

func (*paper) Info() hal.Info {
	return hal.Info{ID: "paper", Name: "paper", Arch: 90, Private: true, Units: 132, Threads: 1024, Shared: 48 << 10}
}
func (*paper) Alloc(n int) (hal.Buffer, error)         { return paperBuffer(n), nil }
func (*paper) Load(source.Module) (hal.Program, error) { return paperProgram{}, nil }
func (p *paper) Stream(bool) (hal.Stream, error)       { return paperStream{p}, nil }
func (*paper) Close() error                            { return nil }

type paperStream struct{ *paper }

func (s paperStream) Upload(dst hal.Span, data []byte) error {
	s.tables[dst.Offset] = data
	return nil
}
func (paperStream) Download([]byte, hal.Span) error { return nil }
func (paperStream) Copy(hal.Span, hal.Span) error   { return nil }
func (s paperStream) Prepare(l []hal.Launch) (hal.Sequence, error) {
	return paperSequence{s.paper, l}, nil
}
func (paperStream) Flush() error                             { return nil }
func (paperStream) Wait() error                              { return nil }
func (paperStream) Mark() (hal.Mark, error)                  { return paperStream{}, nil }
func (paperStream) Time(func() error) (time.Duration, error) { return 0, nil }

type paperSequence struct {
	*paper
	launches []hal.Launch
}

func (s paperSequence) Enqueue(from, to int) error {
	s.paper.launches = append(s.paper.launches, s.launches[from:to]...)
	return nil
}
func (s paperSequence) Len() int { return len(s.launches) }

// An H200 as hoped for: bytes per second of memory, multiplications and additions per second of
// matrix instructions, and seconds between two kernels of a graph.
const (
	paperBytes  = 4.0e12
	paperFlops  = 400e12
	paperPlain  = 30e12 // of others, in float32
	paperLaunch = 1.5e-6
)

// cost is what launches read, write and multiply, each array once.
type cost struct {
	launches     int
	bytes, flops float64
	seconds      float64
}

func (c *cost) add(p *paper, l hal.Launch) {
	moved, flops := p.bytesOf(l), flopsOf(l)
	c.launches++
	c.bytes, c.flops = c.bytes+moved, c.flops+flops
	c.seconds += max(moved/paperBytes, flops/paperFlops) + paperLaunch
}

// bytesOf counts what a launch reads and writes.
func (p *paper) bytesOf(l hal.Launch) (moved float64) {
	args := l.Args
	switch l.Kernel.Name() {
	case "statistics": // of the image, a pixel
		args = args[1:]
	case "pack_all": // of the memory, what the table says: float32 to bf16
		table := p.tables[args[2].(hal.Span).Offset]
		for i := range int(args[3].(int32)) {
			moved += 6 * float64(binary.NativeEndian.Uint32(table[4*(packingRow*i+4):]))
		}
		return moved
	}
	switch l.Kernel.Name() { // of all components, those of a radius; of whole images, those only
	case "evenness":
		pixels := float64(args[2].(int32))
		return 4 * pixels * float64(l.Groups[0])
	case "turned":
		return 8 * float64(args[2].(int32)) * float64(args[3].(int32))
	case "components":
		return 16 * float64(args[6].(int32))
	case "normalized":
		return 4 * float64(args[5].(int32)) * float64(l.Groups[0])
	case "distances":
		return 8 * float64(args[4].(int32)) * float64(l.Groups[0])
	case "fourier": // complex numbers
		return 16 * float64(args[12].(int32)) * float64(args[13].(int32))
	}
	seen := make(map[hal.Span]bool)
	for _, a := range args {
		if s, ok := a.(hal.Span); ok && !seen[s] {
			seen[s] = true
			moved += float64(s.Bytes)
		}
	}
	return moved
}

// packingRow is the number of integers that pack_all's table has for an array.
const packingRow = 21

// flopsOf counts the multiplications and additions of products, fill channels included.
func flopsOf(l hal.Launch) float64 {
	product := func(at ...int) float64 {
		f := 2.0
		for _, i := range at {
			f *= float64(l.Args[i].(int32))
		}
		return f
	}
	switch name := l.Kernel.Name(); {
	case strings.HasPrefix(name, "conv_"): // pixels, R, S, inner, outer
		return product(5, 14, 15, 16, 17) * float64(l.Groups[2])
	case strings.HasPrefix(name, "weight_grad_") && name != "weight_grad_sum":
		return product(3, 10, 11, 12, 13) * float64(l.Groups[2]) / float64(l.Args[14].(int32))
	case strings.HasPrefix(name, "linear_") && name != "linear_sum":
		return product(4, 5, 6)
	}
	return 0
}

// step returns a device with the launches of a step of training, or of inference, after the first.
func step(t *testing.T, net, work string, batch int) *paper {
	t.Helper()
	m, err := model.New(net, [3]int{3, 32, 32}, make([]string, 10), nets.He, 1)
	must(t, err)
	p := &paper{tables: make(map[int][]byte)}
	d := New(p, plan.DeviceOptions{DType: plan.BFloat16, Threads: 1})
	x := make([]float32, batch*3*32*32)
	var run func() error
	if work == "train" {
		tr, err := m.NewTrainer(d, batch, optim.SGD{Momentum: 0.9, WeightDecay: 5e-4})
		must(t, err)
		defer tr.Close()
		labels := make([]int, batch)
		run = func() error { _, _, err := tr.Step(t.Context(), x, labels); return err }
	} else {
		e, err := m.NewEvaluator(d, batch, model.RunningStatistics)
		must(t, err)
		defer e.Close()
		logits := make([]float32, batch*10)
		run = func() error { return e.Logits(t.Context(), logits, x, batch) }
	}
	must(t, run())
	p.launches = nil
	must(t, run())
	return p
}

// paperRadii are those that splits are reckoned and timed for.
var paperRadii = []float64{4, 8, 12, 16}

// splitsOnPaper adds what splitting images takes.
func splitsOnPaper(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	fmt.Fprintf(b, "\nSplitting images that are on the device at r = 4, 8, 12, 16, in float32 without matrix instructions (%.0f TFLOP/s):\n\n| images | kernels | bytes | GFLOP of matrices | should take |\n|---|---|---|---|---|\n", paperPlain/1e12)
	for _, c := range []struct{ images, side int }{{512, 32}, {64, 224}, {64, 299}} {
		p := &paper{tables: make(map[int][]byte)}
		exe := splitOnly(t, New(p, plan.DeviceOptions{Threads: 1}).(*Device), 1, c.side)
		whole := &plan.Whole{Pixels: make([]float32, c.images*3*c.side*c.side)}
		done, err := exe.Split(t.Context(), "x", &plan.Components{Whole: whole, Radii: paperRadii})
		must(t, err)
		if !done {
			t.Fatal("no memory on paper")
		}
		var all cost
		for _, l := range p.launches {
			moved, flops := p.bytesOf(l), flopsOf(l)
			all.launches++
			all.bytes, all.flops = all.bytes+moved, all.flops+flops
			all.seconds += max(moved/paperBytes, flops/paperPlain) + paperLaunch
		}
		flops := "–"
		if all.flops > 0 {
			flops = fmt.Sprintf("%.1f", all.flops/1e9)
		}
		fmt.Fprintf(b, "| %d of %d×%d | %d | %.2f GB | %s | %.0f µs |\n", c.images, c.side, c.side, all.launches, all.bytes/1e9, flops, all.seconds*1e6)
		must(t, exe.Close())
	}
}

// kind is a kernel's name without its tile.
func kind(l hal.Launch) string { return strings.TrimRight(l.Kernel.Name(), "_0123456789") }

// TestPaper: the figures in README.md are those of the launches.
func TestPaper(t *testing.T) {
	var b bytes.Buffer
	works := []string{"train", "infer"}
	fmt.Fprintf(&b, "| bf16 | kernels | 128 | 512 | 2048 | of 512: bytes | GFLOP | bytes alone |\n|---|---|---|---|---|---|---|---|\n")
	batches := []int{128, 512, 2048}
	for _, net := range []string{"resnet18", "resnet20"} {
		for _, work := range works {
			fmt.Fprintf(&b, "| %s %s |", work, net)
			var middle cost
			for i, batch := range batches {
				var all cost
				p := step(t, net, work, batch)
				for _, l := range p.launches {
					all.add(p, l)
				}
				if i == 0 {
					fmt.Fprintf(&b, " %d |", all.launches)
				}
				if batch == 512 {
					middle = all
				}
				fmt.Fprintf(&b, " %.2f ms |", all.seconds*1e3)
			}
			fmt.Fprintf(&b, " %.2f GB | %.0f | %.2f ms |\n", middle.bytes/1e9, middle.flops/1e9, middle.bytes/paperBytes*1e3)
		}
	}
	splitsOnPaper(t, &b)
	for _, net := range []string{"resnet18", "resnet20"} {
		fmt.Fprintf(&b, "\nA training step of %s at batch 512, by kernel:\n\n| kernel | launches | bytes | GFLOP | should take |\n|---|---|---|---|---|\n", net)
		kinds := make(map[string]*cost)
		p := step(t, net, "train", 512)
		for _, l := range p.launches {
			k := kind(l)
			if kinds[k] == nil {
				kinds[k] = &cost{}
			}
			kinds[k].add(p, l)
		}
		names := make([]string, 0, len(kinds))
		for k := range kinds {
			names = append(names, k)
		}
		sort.Slice(names, func(i, j int) bool {
			a, b := kinds[names[i]], kinds[names[j]]
			if a.seconds != b.seconds {
				return a.seconds > b.seconds
			}
			return names[i] < names[j]
		})
		for _, k := range names {
			c := kinds[k]
			flops := "–"
			if c.flops > 0 {
				flops = fmt.Sprintf("%.0f", c.flops/1e9)
			}
			fmt.Fprintf(&b, "| %s | %d | %.3f GB | %s | %.0f µs |\n", k, c.launches, c.bytes/1e9, flops, c.seconds*1e6)
		}
	}
	const begin, end = "<!-- of paper_test.go -->\n", "<!-- end -->\n"
	readme, err := os.ReadFile("README.md")
	must(t, err)
	from, to := bytes.Index(readme, []byte(begin)), bytes.Index(readme, []byte(end))
	if from < 0 || to < from {
		t.Fatal("README.md has no place for the figures")
	}
	from += len(begin)
	if *updatePaper {
		must(t, os.WriteFile("README.md", slices.Concat(readme[:from], b.Bytes(), readme[to:]), 0o644))
	} else if !bytes.Equal(readme[from:to], b.Bytes()) {
		t.Error("the figures in README.md are not those of the launches: run go test ./engine/gpu -run Paper -update")
	}
}
