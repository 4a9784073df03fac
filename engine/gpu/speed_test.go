package gpu

import (
	"errors"
	flags "flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gorgonia.org/gorgonia"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

var (
	speedBatch = flags.Int("speed", 0, "time products at a batch size, launches and an explorer's evaluation, and do nothing else; 0: do not")
	speedDType = flags.String("dtype", "bf16", "data type of -speed")
)

// speedShape is a convolution of square images.
type speedShape struct{ side, in, out, size, stride int }

// speedShapes are the convolutions of ResNet-18, ResNet-20 (images of 32×32) and ResNet-50 (224×224).
var speedShapes = []struct {
	net    string
	shapes []speedShape
}{
	{"resnet18", []speedShape{
		{32, 3, 64, 3, 1}, {32, 64, 64, 3, 1}, {32, 64, 128, 3, 2}, {32, 64, 128, 1, 2}, {16, 128, 128, 3, 1}, {16, 128, 256, 3, 2},
		{16, 128, 256, 1, 2}, {8, 256, 256, 3, 1}, {8, 256, 512, 3, 2}, {8, 256, 512, 1, 2}, {4, 512, 512, 3, 1},
	}},
	{"resnet20", []speedShape{
		{32, 3, 16, 3, 1}, {32, 16, 16, 3, 1}, {32, 16, 32, 3, 2}, {32, 16, 32, 1, 2}, {16, 32, 32, 3, 1}, {16, 32, 64, 3, 2},
		{16, 32, 64, 1, 2}, {8, 64, 64, 3, 1},
	}},
	{"resnet50", []speedShape{
		{224, 3, 64, 7, 2}, {56, 64, 64, 1, 1}, {56, 64, 64, 3, 1}, {56, 64, 256, 1, 1}, {56, 256, 64, 1, 1}, {56, 256, 128, 1, 1},
		{56, 128, 128, 3, 2}, {28, 128, 128, 3, 1}, {28, 128, 512, 1, 1}, {28, 512, 128, 1, 1}, {28, 512, 256, 1, 1}, {28, 256, 256, 3, 2},
		{14, 256, 256, 3, 1}, {14, 256, 1024, 1, 1}, {14, 1024, 256, 1, 1}, {14, 1024, 512, 1, 1}, {14, 512, 512, 3, 2}, {7, 512, 512, 3, 1},
		{7, 512, 2048, 1, 1}, {7, 2048, 512, 1, 1},
	}},
}

// recorder is a device that keeps what was prepared last.
type recorder struct {
	hal.Device
	prepared []hal.Launch
}

func (r *recorder) Stream(urgent bool) (hal.Stream, error) {
	s, err := r.Device.Stream(urgent)
	return recorderStream{s, r}, err
}

type recorderStream struct {
	hal.Stream
	*recorder
}

func (s recorderStream) Prepare(launches []hal.Launch) (hal.Sequence, error) {
	s.recorder.prepared = launches
	return s.Stream.Prepare(launches)
}

func (s recorderStream) Close() error { return s.Stream.Close() }

// TestSpeed prints how long products take, beside what they should on paper.
func TestSpeed(t *testing.T) {
	if *speedBatch == 0 {
		t.Skip("-speed is not given")
	}
	dtype, err := plan.ParseDType(*speedDType)
	must(t, err)
	r := &recorder{Device: open(t)}
	d := New(r, plan.DeviceOptions{DType: dtype}).(*Device)
	fmt.Printf("| %s, %s, batch %d | product | tile | took | on paper | TFLOP/s | GB/s | library |\n|---|---|---|---|---|---|---|---|\n", d.Name(), dtype, *speedBatch)
	for _, net := range speedShapes {
		batch := *speedBatch
		if net.net != "resnet20" && r.Info().CPU {
			continue // a try of this test
		}
		if net.net == "resnet50" {
			batch = max(1, batch/4)
		}
		for _, s := range net.shapes {
			conv := op.Conv{Stride: s.stride, Pad: s.size / 2}
			x, w := []int{batch, s.in, s.side, s.side}, []int{s.out, s.in, s.size, s.size}
			y, err := conv.Infer([][]int{x, w})
			must(t, err)
			what := fmt.Sprintf("%s %d×%d %d→%d %d×%d/%d", net.net, s.side, s.side, s.in, s.out, s.size, s.size, s.stride)
			speed(t, r, d, what, "forward", conv, x, w)
			if s.in > 3 {
				speed(t, r, d, what, "input gradient", op.ConvInputGrad{Stride: s.stride, Pad: s.size / 2, Shape: [4]int(x)}, w, y)
			}
			speed(t, r, d, what, "weight gradient", op.ConvWeightGrad{Stride: s.stride, Pad: s.size / 2, Shape: [4]int(w)}, x, y)
		}
	}
	speedOfLaunches(t, d)
	speedOfExplorer(t, d)
}

// slow is how long an operation takes that is not timed again: on the host's processor.
const slow = 50 * time.Millisecond

// speed prints the time of an operation.
func speed(t *testing.T, r *recorder, d *Device, what, product string, o op.Op, in ...[]int) {
	t.Helper()
	p := &plan.Program{Outputs: make(map[string]*plan.Value)}
	instr := &plan.Instr{Op: o}
	for i, shape := range in {
		v := &plan.Value{ID: i, Kind: plan.Input, Name: fmt.Sprint("x", i), Shape: shape}
		if i == weightsOf(o) {
			v.Kind = plan.Param // packed once
		}
		p.Values, instr.In = append(p.Values, v), append(instr.In, v)
	}
	shape, err := op.Check(o, in)
	must(t, err)
	instr.Out = &plan.Value{ID: len(in), Kind: plan.Temp, Name: "y", Shape: shape, Keep: true}
	p.Values, p.Instrs, p.Outputs["y"] = append(p.Values, instr.Out), []*plan.Instr{instr}, instr.Out
	compiled, err := d.compile(p, nil)
	must(t, err)
	defer compiled.Close()
	for _, v := range instr.In {
		set := compiled.SetInput
		if v.Kind == plan.Param {
			set = compiled.SetParam
		}
		must(t, set(v.Name, noise(v.Size())))
	}
	must(t, compiled.Run(t.Context()))
	timed := func(runs int) time.Duration {
		took, err := compiled.stream.Time(func() error {
			for range runs {
				if err := compiled.enqueue(compiled.run, compiled.end); err != nil {
					return err
				}
			}
			return nil
		})
		must(t, err)
		return took / time.Duration(runs)
	}
	took := timed(1)
	if took < slow {
		took = medianOf(func() time.Duration { return timed(5) })
	}
	launches, tile := r.prepared[compiled.run:compiled.end], ""
	var c cost
	for _, l := range launches {
		if c.add(&paper{}, l); flopsOf(l) > 0 {
			tile = l.Kernel.Name()
		}
	}
	fmt.Printf("| %s | %s | %s | %.1f µs | %.1f µs | %.1f | %.0f | %s |\n", what, product, tile, 1e6*took.Seconds(), 1e6*c.seconds,
		c.flops/took.Seconds()/1e12, c.bytes/took.Seconds()/1e9, speedOfLibrary(d, r.Device, p))
}

// speedOfLibrary is the time of a program of one convolution by the device's library; "–" without.
func speedOfLibrary(d *Device, h hal.Device, p *plan.Program) string {
	with := New(h, plan.DeviceOptions{DType: d.dtype}).(*Device)
	with.library = always
	c := newCompiler(with, p)
	if errors.Join(c.layouts(), c.lower()) != nil || !slices.ContainsFunc(c.launches, func(l launch) bool { return l.library != nil }) {
		return "–"
	}
	_, took, err := c.try(p.Instrs[0], always)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.1f µs", 1e6*took.Seconds())
}

// noise returns n numbers: multiplying zeros takes less power, so that clocks are higher.
func noise(n int) []float32 {
	rng := rand.New(rand.NewPCG(1, 2))
	v := make([]float32, n)
	for i := range min(n, 1<<16) {
		v[i] = float32(rng.NormFloat64())
	}
	for done := 1 << 16; done < n; done *= 2 {
		copy(v[done:], v[:done])
	}
	return v
}

// medianOf runs f five times.
func medianOf(f func() time.Duration) time.Duration {
	times := make([]time.Duration, 5)
	for i := range times {
		times[i] = f()
	}
	slices.Sort(times)
	return times[2]
}

// speedOfLaunches prints what a launch costs by itself and in a sequence.
func speedOfLaunches(t *testing.T, d *Device) {
	program, err := d.hal.Load(source.Elementwise(true))
	must(t, err)
	kernel, err := program.Kernel("relu")
	must(t, err)
	buffer, err := d.hal.Alloc(2 * hal.Align)
	must(t, err)
	defer buffer.Free()
	stream, err := d.hal.Stream(true)
	must(t, err)
	defer stream.Close()
	const n = 200
	launches := make([]hal.Launch, n)
	for i := range launches {
		launches[i] = hal.Launch{Kernel: kernel, Groups: [3]int{1, 1, 1}, Threads: maxThreads, Args: []any{
			hal.Span{Buffer: buffer, Bytes: 32}, hal.Span{Buffer: buffer, Offset: hal.Align, Bytes: 32}, int32(1),
		}}
	}
	sequence, err := stream.Prepare(launches)
	must(t, err)
	defer sequence.Close()
	for _, way := range []struct {
		name string
		each int
	}{{"one by one", 1}, {"all at once", n}} {
		run := func() (enqueued, done time.Duration) {
			start := time.Now()
			for i := 0; i < n; i += way.each {
				must(t, sequence.Enqueue(i, i+way.each))
			}
			must(t, stream.Flush())
			enqueued = time.Since(start)
			must(t, stream.Wait())
			return enqueued, time.Since(start)
		}
		run()
		enqueued := medianOf(func() time.Duration { e, _ := run(); return e })
		done := medianOf(func() time.Duration { _, d := run(); return d })
		fmt.Printf("| %d launches | %s | | %.2f µs each to enqueue | %.2f µs each until done | | | |\n", n, way.name, 1e6*enqueued.Seconds()/n, 1e6*done.Seconds()/n)
	}
}

// speedOfExplorer prints how long the explorer waits for the predictions on an image, its low-pass and
// its high-pass image, when r has changed.
func speedOfExplorer(t *testing.T, d *Device) {
	for _, net := range []string{"resnet18", "resnet20"} {
		if net == "resnet18" && d.hal.Info().CPU {
			continue
		}
		m, err := model.New(net, [3]int{3, 32, 32}, make([]string, 10), nets.He, 1)
		must(t, err)
		e, err := m.NewEvaluator(d, 3, model.RunningStatistics)
		must(t, err)
		whole, logits, r := &plan.Whole{Pixels: noise(3 * 32 * 32)}, make([]float32, 3*10), 0.0
		run := func() time.Duration {
			start := time.Now()
			r++
			done, err := e.ComponentLogits(t.Context(), logits, &plan.Components{Whole: whole, Radii: []float64{r}}, 0, 3)
			must(t, err)
			if !done {
				t.Fatal("the device has no memory for an image")
			}
			return time.Since(start)
		}
		run()
		fmt.Printf("| %s | a new r: split, logits of 3 images | | %.3f ms | | | | |\n", net, 1e3*medianOf(run).Seconds())
		must(t, e.Close())
	}
	speedOfSplits(t, d)
}

// speedOfSplits prints how long images take to be split at four radii, without their upload.
func speedOfSplits(t *testing.T, d *Device) {
	for _, side := range []int{32, 224, 299} {
		if side > 32 && d.hal.Info().CPU {
			break
		}
		const images = 64
		exe := splitOnly(t, d, images, side)
		c := &plan.Components{Whole: &plan.Whole{Pixels: noise(images * 3 * side * side)}, Radii: paperRadii}
		_, err := exe.Split(t.Context(), "x", c)
		must(t, err)
		s := exe.split
		took := medianOf(func() time.Duration {
			took, err := exe.stream.Time(func() error { return s.sequence.Enqueue(0, s.sequence.Len()) })
			must(t, err)
			return took
		})
		fmt.Printf("| %d images %d×%d | split at %d radii | | %.1f µs | | | | |\n", images, side, side, len(c.Radii), 1e6*took.Seconds())
		must(t, exe.Close())
	}
}

// splitOnly is a program that does little else than split its input.
func splitOnly(t *testing.T, d *Device, batch, side int) *executable {
	t.Helper()
	g := gorgonia.NewGraph()
	x, err := op.Input(g, "x", batch, 3, side, side)
	must(t, err)
	y, err := op.Apply(op.ReLU{}, x)
	must(t, err)
	p, err := plan.Lower(g, map[string]*gorgonia.Node{"y": y})
	must(t, err)
	exe, err := d.compile(p, nil)
	must(t, err)
	return exe
}
