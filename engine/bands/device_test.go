package bands

import (
	"context"
	"math"
	"reflect"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// splitter is a classifier that splits images itself, a number of times.
type splitter struct {
	*projector
	src     *noise
	left    int
	kept    *plan.Components
	whole   *plan.Whole // uploaded last
	uploads int
	slab    []float32
}

func (s *splitter) Splits() bool { return true }

func (s *splitter) split(c *plan.Components) bool {
	if s.kept == c {
		return true
	}
	if s.left--; s.left < 0 {
		return false
	}
	if s.whole != c.Whole {
		s.whole, s.uploads = c.Whole, s.uploads+1
	}
	s.kept, s.slab = c, append(s.slab[:0], c.Pixels...)
	n, size := len(c.Pixels), s.src.c*s.src.h*s.src.w
	for _, r := range c.Radii {
		both := make([]float32, 2*n)
		spectral.NewBatch(s.src.h, s.src.w, 1).Split([][]float32{both[:n]}, [][]float32{both[n:]}, c.Pixels, []float64{r})
		for at := 0; at < len(both); at += size {
			c.Normalize.Apply(both[at:][:size])
		}
		s.slab = append(s.slab, both...)
	}
	return true
}

func (s *splitter) ComponentLogits(ctx context.Context, dst []float32, c *plan.Components, from, n int) (bool, error) {
	if !s.split(c) {
		return false, nil
	}
	size := s.src.c * s.src.h * s.src.w
	return true, s.Logits(ctx, dst, s.slab[from*size:(from+n)*size], n)
}

func (s *splitter) Distances(_ context.Context, dst []plan.Distance, c *plan.Components) (bool, error) {
	if !s.split(c) {
		return false, nil
	}
	size, n := s.src.c*s.src.h*s.src.w, len(c.Pixels)
	for i := range dst {
		x, low := c.Pixels[i*size%n:][:size], s.slab[(1+2*(i*size/n))*n+i*size%n:][:size]
		dst[i] = plan.DistanceOf(x, low)
	}
	return true, nil
}

// TestDeviceSplits: where a device splits images, results are the same, whole images are uploaded once a
// round, and the host splits images when the device no longer can.
func TestDeviceSplits(t *testing.T) {
	src := newNoise(61, 4)
	q := Request{Radii: []float64{0, 2, 3.5, 9}, Changes: true, Normalize: NormalizeMax, Outcomes: true}
	measured := func(c interface {
		Batch() int
		Classes() int
		Logits(context.Context, []float32, []float32, int) error
	}) Result {
		t.Helper()
		m, err := NewMeasurement(src, q)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Run(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		return scoresOf(r)
	}
	want := measured(&projector{batch: 16, classes: 4})
	for _, left := range []int{1000, 2, 0} {
		s := &splitter{projector: &projector{batch: 16, classes: 4}, src: src, left: left}
		if got := measured(s); !reflect.DeepEqual(got, want) {
			t.Errorf("a device that splits %d times:\n got %+v\nwant %+v", left, got, want)
		}
	}
	s := &splitter{projector: &projector{batch: 16, classes: 4}, src: src, left: 4}
	found, _, err := newRunner(src, s, q).round(t.Context(), []int{3, 1, 4, 15, 9}, 5, 1)
	if err != nil || s.uploads != 1 || s.left != 0 {
		t.Errorf("radius by radius, images are uploaded %d times: %v", s.uploads, err)
	}
	host, _, err := newRunner(src, s.projector, q).round(t.Context(), []int{3, 1, 4, 15, 9}, 5, 1)
	if err != nil || !reflect.DeepEqual(found, host) {
		t.Errorf("radius by radius:\n got %+v\nwant %+v: %v", found, host, err)
	}
}

// TestDeviceResizes: the matrices that a device gets resize images as their set does.
func TestDeviceResizes(t *testing.T) {
	set := dataset.Shapes(dataset.ShapesOptions{Train: 2, Test: 2}).Test
	for _, size := range [][3]int{{3, 40, 28}, {1, 20, 33}, {3, 9, 70}} {
		in := dataset.Resized(set, size[0], size[1], size[2])
		r := &runner{q: Request{Threads: 1}}
		r.resizeOnDevice(in.(dataset.Unresized))
		if r.resize == nil || r.own == nil {
			t.Fatal("images are not resized on the device")
		}
		for i := range in.Len() {
			own, err := set.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			want, err := in.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			got := r.resize.Apply(own.Pix)
			for k, v := range want.Pix {
				if !(math.Abs(float64(got[k]-v)) <= 1e-6) {
					t.Fatalf("%v, image %d: pixel %d is %g, want %g", size, i, k, got[k], v)
				}
			}
		}
	}
}
