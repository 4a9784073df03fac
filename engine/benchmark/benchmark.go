// Package benchmark measures the throughput of training, inference, accuracy per band, attacks,
// splitting images and encoding pictures. Each benchmark has two warm-up runs and five timed
// runs, of which the median counts. Jobs shorter than 10 ms are repeated within a run.
package benchmark

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"hfcui/engine/device"
	"hfcui/engine/plan"
)

// The protocol: number of warm-up and timed runs, and the shortest run.
const (
	warmRuns  = 2
	timedRuns = 5
	shortest  = 10 * time.Millisecond
)

// maxBytes bounds the memory of the image jobs.
const maxBytes = 4 << 30

// usualRadii are the default cutoff radii of the bands and split benchmarks.
var usualRadii = []float64{4, 8, 12, 16}

// Works lists the benchmarks.
func Works() []string { return []string{"train", "infer", "bands", "attack", "split", "sixel"} }

// Config configures a benchmark.
type Config struct {
	Work    string // one of Works
	Net     string // architecture, for train, infer, bands and attack; of Model, what it must be
	Model   string // model file or embedded model, instead of an untrained Net; "": none
	Batch   int    // images per run
	Device  string // name, as of device.Open; "": auto
	Threads int    // 0: one per core
	DType   string // of the network: fp32, tf32 or bf16; "": fp32
	Width   int    // of images, for split and sixel; 0: the default size
	Height  int
	Radii   []float64  // for split and bands; nil: the default
	Yield   plan.Yield // for train, infer, bands and attack; nil: none
	// Encode encodes one picture of packed RGB pixels, for sixel. The caller supplies it, since
	// encoders belong to the terminal program.
	Encode func(width, height int, pixels []byte)

	channels int
}

// Result is a benchmark's result.
type Result struct {
	Work            string    `json:"work"`
	Net             string    `json:"net"`             // "" for benchmarks without one
	Model           string    `json:"model,omitempty"` // the file, "" for untrained networks
	Input           [3]int    `json:"input,omitzero"`  // of the network: channels, height, width
	Batch           int       `json:"batch"`
	Threads         int       `json:"threads"`
	DType           string    `json:"dtype"`
	Device          string    `json:"device"`
	DeviceName      string    `json:"device_name"`
	Width           int       `json:"width"`
	Height          int       `json:"height"`
	Radii           []float64 `json:"radii,omitempty"`
	ImagesPerSecond float64   `json:"images_per_s"`
	Milliseconds    []float64 `json:"run_ms"` // every timed run, in order

	// PeakMemory is the most memory the process has had resident until the end of this
	// benchmark, in bytes, with all it did before; 0 where the system does not tell.
	PeakMemory int64 `json:"peak_memory_bytes,omitempty"`

	Note string `json:"note,omitempty"` // the device's limitation
}

// job is the work of one run, repeatable.
type job struct {
	images int // whole images per run
	run    func(context.Context) error
	close  func() error
}

// Run runs a benchmark. ctx ends it between runs and, for networks, within them.
func Run(ctx context.Context, c Config) (*Result, error) {
	c.fill()
	if err := c.check(); err != nil {
		return nil, err
	}
	dtype, err := plan.ParseDType(c.DType)
	if err != nil {
		return nil, err
	}
	d, err := device.Open(c.Device, plan.DeviceOptions{Threads: c.Threads, DType: dtype})
	if err != nil {
		return nil, err
	}
	result := &Result{Work: c.Work, Batch: c.Batch, Threads: c.Threads, DType: dtype.String(),
		Device: d.ID(), DeviceName: d.Name(), Note: d.Note(), Width: c.Width, Height: c.Height}
	var j job
	switch c.Work {
	case "train", "infer", "bands", "attack":
		j, err = networkJob(c, plan.Yielding(d, c.Yield), result)
	case "split":
		j, result.Radii = splitJob(c), c.Radii
	case "sixel":
		j = pictureJob(c)
		result.Batch, result.Threads, result.DeviceName = pictures, 1, "cpu, 1 thread"
	default:
		return nil, fmt.Errorf("unknown benchmark %q", c.Work)
	}
	if err != nil {
		return nil, err
	}
	defer j.close()
	times, err := measure(ctx, j)
	if err != nil {
		return nil, err
	}
	for _, t := range times {
		result.Milliseconds = append(result.Milliseconds, float64(t.Nanoseconds())/1e6)
	}
	result.PeakMemory = peakMemory()
	result.ImagesPerSecond = float64(j.images) / median(times).Seconds()
	return result, nil
}

// fill sets defaults.
func (c *Config) fill() {
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.Radii == nil {
		c.Radii = usualRadii
	}
	switch {
	case c.Width > 0:
	case c.Work == "sixel":
		c.Width, c.Height = 256, 256
	default:
		c.Width, c.Height = side, side
	}
	c.channels = 3
}

// check returns an error for sizes that do not fit in memory.
func (c Config) check() error {
	if c.Work != "split" && c.Work != "bands" {
		return nil
	}
	bytes := int64(c.Batch) * int64(c.channels) * int64(c.Height) * int64(c.Width) * 4 * int64(1+2*len(c.Radii))
	if bytes > maxBytes {
		return fmt.Errorf("%d images of %d×%d and their low- and high-pass images take %.1f GB: use a smaller --batch or --size, or fewer radii",
			c.Batch, c.Width, c.Height, float64(bytes)/1e9)
	}
	return nil
}

// measure runs a job by the protocol and returns the time of each timed run.
func measure(ctx context.Context, j job) ([]time.Duration, error) {
	times := make([]time.Duration, 0, timedRuns)
	repeat := 1
	for i := range warmRuns + timedRuns {
		started := time.Now()
		for range repeat {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := j.run(ctx); err != nil {
				return nil, err
			}
		}
		took := time.Since(started) / time.Duration(repeat)
		if i >= warmRuns {
			times = append(times, took)
		}
		if i == warmRuns-1 {
			repeat = max(1, int(shortest/max(took, 1)))
		}
	}
	return times, nil
}

// median returns the median of an odd number of times.
func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}
