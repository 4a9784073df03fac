package heatmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"reflect"
	"testing"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Every plane has norm 1 and a transform that is zero except at ± its frequency.
func TestBasis(t *testing.T) {
	for _, g := range []grid{{1, 1}, {2, 2}, {1, 6}, {4, 6}, {5, 8}, {7, 7}, {16, 16}} {
		for i := range g.h * g.w {
			f := Frequency{i/g.w - g.h/2, i%g.w - g.w/2}
			if g.place(f) != i || g.wrap(f.U+g.h, f.V-g.w) != f {
				t.Fatalf("%v: %v is at %d, want %d", g, f, g.place(f), i)
			}
			x, norm := make([]float32, g.h*g.w), 0.0
			g.basis(x, f)
			for _, v := range x {
				norm += float64(v) * float64(v)
			}
			if math.Abs(norm-1) > 1e-6 || !(x[0] > 0) {
				t.Errorf("%v %v: energy %v, first pixel %v", g, f, norm, x[0])
			}
			for j := range g.h * g.w {
				at := Frequency{j/g.w - g.h/2, j%g.w - g.w/2}
				amplitude := cmplx.Abs(transform(g, x, at))
				if at == f || at == g.wrap(-f.U, -f.V) {
					if amplitude < 0.5 {
						t.Errorf("%v: the plane of %v has amplitude %v there", g, f, amplitude)
					}
				} else if amplitude > 1e-5 {
					t.Errorf("%v: the plane of %v has amplitude %v at %v", g, f, amplitude, at)
				}
			}
		}
	}
}

func transform(g grid, x []float32, f Frequency) (sum complex128) {
	for i, v := range x {
		angle := 2 * math.Pi * (float64(f.U*(i/g.w))/float64(g.h) + float64(f.V*(i%g.w))/float64(g.w))
		sum += complex(float64(v), 0) * cmplx.Rect(1, -angle)
	}
	return sum
}

// The order has one of every pair f, −f, and starts with the coarse grids.
func TestOrder(t *testing.T) {
	for _, g := range []grid{{1, 1}, {2, 2}, {5, 8}, {7, 7}, {32, 32}, {33, 47}, {224, 224}} {
		seen := make([]bool, g.h*g.w)
		for _, f := range g.order() {
			for _, one := range []int{g.place(f), g.place(g.wrap(-f.U, -f.V))} {
				if seen[one] && g.wrap(-f.U, -f.V) != f {
					t.Fatalf("%v: %v is listed twice", g, f)
				}
				seen[one] = true
			}
		}
		for i, ok := range seen {
			if !ok {
				t.Fatalf("%v: place %d is not listed", g, i)
			}
		}
	}
	order := grid{32, 32}.order()
	if len(order) != 514 {
		t.Errorf("%d frequencies represent 32×32", len(order))
	}
	for _, f := range order[:32] {
		if f.U%4 != 0 || f.V%4 != 0 {
			t.Errorf("%v is in the first grid", f)
		}
	}
}

// noise is a Source of random images.
type noise struct {
	c, h, w int
	images  [][]float32
	labels  []int
}

func newNoise(n, c, h, w int) *noise {
	s := &noise{c: c, h: h, w: w}
	random := rand.New(rand.NewPCG(7, 7))
	for range n {
		image := make([]float32, c*h*w)
		for i := range image {
			image[i] = random.Float32()
		}
		s.images, s.labels = append(s.images, image), append(s.labels, random.IntN(3))
	}
	return s
}

func (s *noise) Len() int               { return len(s.images) }
func (s *noise) Shape() (int, int, int) { return s.c, s.h, s.w }
func (s *noise) Label(i int) int        { return s.labels[i] }
func (s *noise) ReadBatch(dst []float32, labels []int, indices []int) error {
	for k, i := range indices {
		copy(dst[k*len(s.images[i]):], s.images[i])
		labels[k] = s.labels[i]
	}
	return nil
}

// projector is a linear Classifier of three classes.
type projector struct{ batch, failAt, calls int }

var errStopped = errors.New("stopped")

func (p *projector) Batch() int   { return p.batch }
func (p *projector) Classes() int { return 3 }
func (p *projector) Logits(_ context.Context, dst, x []float32, n int) error {
	if p.calls++; p.calls == p.failAt {
		return errStopped
	}
	if n > p.batch || len(dst) != 3*n || len(x)%n != 0 {
		panic("Logits: wrong sizes")
	}
	size := len(x) / n
	for i := range n {
		for k := range 3 {
			sum := 0.0
			for j, v := range x[i*size : (i+1)*size] {
				sum += float64(v) * float64((j*7+k*13)%11-5)
			}
			dst[3*i+k] = float32(sum)
		}
	}
	return nil
}

// expected computes the result image by image and frequency by frequency.
func expected(s *noise, q Request, n int) (clean measure.Score, cells []measure.Score) {
	g := grid{s.h, s.w}
	one := &projector{batch: 1}
	count := func(score *measure.Score, x []float32, label int) {
		logits := make([]float32, 3)
		_ = one.Logits(context.Background(), logits, x, 1)
		score.N++
		if measure.Argmax(logits) == label {
			score.Correct++
		}
	}
	cells = make([]measure.Score, s.h*s.w)
	plane := make([]float32, s.h*s.w)
	for i := range n {
		count(&clean, s.images[i], s.labels[i])
		for at := range cells {
			f := Frequency{at/s.w - s.h/2, at%s.w - s.w/2}
			g.basis(plane, f)
			minus := signs(q.Seed, i, g.place(g.own(f)))
			x := make([]float32, len(s.images[i]))
			for j, v := range s.images[i] {
				d := float32(float64(plane[j%len(plane)]) * q.Norm)
				if minus>>(j/len(plane))&1 == 1 {
					d = -d
				}
				if x[j] = v + d; !q.Unclipped {
					x[j] = min(max(x[j], 0), 1)
				}
			}
			count(&cells[at], x, s.labels[i])
		}
	}
	return clean, cells
}

func TestMeasurement(t *testing.T) {
	for _, size := range [][3]int{{3, 8, 8}, {1, 5, 6}, {3, 9, 4}} {
		for _, q := range []Request{{Norm: 2, Seed: 1}, {Norm: 1.5, Unclipped: true, Limit: 30}, {Norm: 0, Limit: 3}} {
			t.Run(fmt.Sprint(size, q), func(t *testing.T) {
				src := newNoise(50, size[0], size[1], size[2])
				m, err := NewMeasurement(src, q)
				if err != nil {
					t.Fatal(err)
				}
				n := 50
				if q.Limit > 0 {
					n = q.Limit
				}
				shares := []float64{0}
				var got Result
				for fail := 3; ; fail++ { // stopped and taken up again, at other places
					got, err = m.Run(t.Context(), &projector{batch: 24, failAt: fail}, func(r Result) {
						if r.Share < shares[len(shares)-1] {
							t.Errorf("progress decreases to %v", r.Share)
						}
						shares = append(shares, r.Share)
					})
					if err == nil {
						break
					}
					if !errors.Is(err, errStopped) {
						t.Fatal(err)
					}
				}
				clean, cells := expected(src, q, n)
				if got.Clean != clean || !reflect.DeepEqual(got.Cells, cells) || !got.Done || got.Share != 1 || got.Images != n {
					t.Errorf("got %+v\nwant %v %v", got, clean, cells)
				}
				if q.Norm == 0 && got.Cells[3] != clean {
					t.Errorf("%v correct without noise, %v with norm 0", clean, got.Cells[3])
				}
			})
		}
	}
}

// Unmeasured cells show their nearest neighbor on the coarser grids.
func TestAround(t *testing.T) {
	r := Result{H: 32, W: 32, Cells: make([]measure.Score, 32*32)}
	if r.Around(Frequency{3, 3}).N != 0 {
		t.Error("no known cells")
	}
	r.Cells[grid{32, 32}.place(Frequency{4, -8})] = measure.Score{Correct: 1, N: 7}
	if r.Around(Frequency{5, -7}).N != 7 || r.Around(Frequency{4, -8}).N != 7 || r.Around(Frequency{-5, 7}).N != 0 {
		t.Error("neighbors are not shown")
	}
	r.Cells[grid{32, 32}.place(Frequency{})] = measure.Score{Correct: 3, N: 4}
	if mean, n := r.Mean(0, 5); mean != 0.25 || n != 1 {
		t.Errorf("mean %v of %d", mean, n)
	}
	r.Cells[grid{32, 32}.place(Frequency{U: 1})] = measure.Score{Correct: 2, N: 3}
	m := r.MeanError(0, 5)
	if lo, hi := m.Wilson(); math.Abs(m.Rate-7.0/24) > 1e-12 || m.N != 3 || lo >= m.Rate || hi <= m.Rate {
		t.Errorf("mean error %+v, CI %v to %v", m, lo, hi)
	}
	if mean, n := r.Mean(20, 30); !math.IsNaN(mean) || n != 0 {
		t.Errorf("mean %v of %d", mean, n)
	}
}

func TestRequestsThatCannotBe(t *testing.T) {
	for _, q := range []Request{{Norm: math.NaN()}, {Norm: math.Inf(1)}, {Norm: -1}, {Norm: 1, Limit: -1}} {
		if _, err := NewMeasurement(newNoise(2, 1, 2, 2), q); err == nil {
			t.Errorf("accepted %+v", q)
		}
	}
	if _, err := NewMeasurement(newNoise(0, 1, 2, 2), Request{Norm: 1}); err == nil {
		t.Error("accepted a measurement without images")
	}
}

// A report has one of every pair f, −f, a table has all, a figure has a scale.
func TestFiles(t *testing.T) {
	src := newNoise(5, 3, 6, 4)
	m, err := NewMeasurement(src, Request{Norm: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	empty := m.Result()
	r, err := m.Run(t.Context(), &projector{batch: 24}, nil)
	if err != nil {
		t.Fatal(err)
	}
	report := NewReport("model", "data", "test", model.Smoothing{}, r)
	if report.N != 5 || len(report.Cells) != (24-4)/2+4 || !report.Clip || report.Height != 6 || report.Width != 4 {
		t.Errorf("%+v", report)
	}
	for _, c := range report.Cells {
		if s := r.At(Frequency{c.U, c.V}); s.Correct != c.Correct || s.N != c.N {
			t.Errorf("%+v, measured %+v", c, s)
		}
	}
	var table, figure bytes.Buffer
	if err := WriteCSV(&table, Named{"m", r}); err != nil || bytes.Count(table.Bytes(), []byte("\n")) != 25 {
		t.Errorf("%v\n%s", err, table.String())
	}
	for _, r := range []Result{r, empty} {
		lo, hi := r.Range()
		figure.Reset()
		if err := r.Figure("title", lo, hi).WritePNG(&figure); err != nil {
			t.Fatal(err)
		}
		if im, err := png.Decode(&figure); err != nil || im.Bounds().Dx() < 300 {
			t.Errorf("%v", err)
		}
	}
	if Color(math.NaN()) != Color(0) || Color(-1) != Color(0) || Color(2) != Color(1) || Color(0.2).R >= Color(0.9).R {
		t.Error("colors are not monotonic")
	}
}
