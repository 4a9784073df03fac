package split

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hfcui/checkpoints"
	"hfcui/spectral"
)

// writePNG writes a random picture and returns its pixels as CHW in [0,1].
func writePNG(t *testing.T, path string, w, h int, gray bool) []float32 {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	box := image.Rect(0, 0, w, h)
	var im image.Image
	pix := make([]float32, 3*w*h)
	if gray {
		g := image.NewGray(box)
		pix = pix[:w*h]
		for i := range g.Pix {
			g.Pix[i] = uint8(random.IntN(256))
			pix[i] = float32(g.Pix[i]) / 255
		}
		im = g
	} else {
		c := image.NewNRGBA(box)
		for i := range w * h {
			v := color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
			c.SetNRGBA(i%w, i/w, v)
			for p, b := range []uint8{v.R, v.G, v.B} {
				pix[p*w*h+i] = float32(b) / 255
			}
		}
		im = c
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, im); err != nil {
		t.Fatal(err)
	}
	return pix
}

// lowByDefinition is the low-pass component of one plane by its defining sums.
func lowByDefinition(x []float32, h, w int, r float64) []float64 {
	wave := func(a, b int, sign float64) complex128 {
		return cmplx.Rect(1, sign*2*math.Pi*float64(a)/float64(b))
	}
	low := make([]complex128, h*w)
	for u := -(h / 2); u < h-h/2; u++ {
		for v := -(w / 2); v < w-w/2; v++ {
			if !(math.Hypot(float64(u), float64(v)) < r) {
				continue
			}
			var f complex128
			for i := range h * w {
				f += complex(float64(x[i]), 0) * wave(u*(i/w), h, -1) * wave(v*(i%w), w, -1)
			}
			for i := range low {
				low[i] += f * wave(u*(i/w), h, 1) * wave(v*(i%w), w, 1) / complex(float64(h*w), 0)
			}
		}
	}
	out := make([]float64, h*w)
	for i, v := range low {
		out[i] = real(v)
	}
	return out
}

func TestSplitFileWritesThePartsUnclipped(t *testing.T) {
	for _, c := range []struct {
		w, h int
		gray bool
		r    float64
	}{{9, 7, false, 2.5}, {8, 8, true, 3}, {1, 5, true, 1}, {12, 1, false, 4}, {6, 6, false, 0}, {6, 6, false, 5}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.png")
		x := writePNG(t, path, c.w, c.h, c.gray)
		out := filepath.Join(dir, "made", "here")
		result, err := File(t.Context(), Request{Image: path, R: c.r, Dir: out, Raw: true})
		if err != nil {
			t.Fatal(err)
		}
		file, err := checkpoints.Open(filepath.Join(out, "split.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		planes := len(x) / (c.w * c.h)
		for p := range planes {
			want := lowByDefinition(x[p*c.w*c.h:(p+1)*c.w*c.h], c.h, c.w, c.r)
			for i := range want {
				at := p*c.w*c.h + i
				original, low, high := file.Tensors["x"].Data[at], file.Tensors["low"].Data[at], file.Tensors["high"].Data[at]
				if original != x[at] || math.Abs(float64(low)-want[i]) > 1e-5 || math.Abs(float64(low)+float64(high)-float64(original)) > 1e-6 {
					t.Fatalf("%+v, plane %d, pixel %d: x %v low %v high %v, want x %v low %v", c, p, i, original, low, high, x[at], want[i])
				}
			}
		}
		if e := result.Energy.Low + result.Energy.High; math.Abs(e-1) > 1e-9 {
			t.Errorf("%+v: energy fractions sum to %v", c, e)
		}
		if result.Width != c.w || result.Height != c.h || result.Channels != planes || result.Total != c.w*c.h || len(result.Files) != 4 {
			t.Errorf("%+v: %+v", c, result)
		}
		checkPictures(t, out, file, result)
	}
}

// checkPictures compares the PNG files with the arrays.
func checkPictures(t *testing.T, dir string, file *checkpoints.File, result *Result) {
	t.Helper()
	for name, value := range map[string]func(v float64) float64{
		"low":  func(v float64) float64 { return v },
		"high": func(v float64) float64 { return 0.5 + result.Contrast*v },
	} {
		f, err := os.Open(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		im, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		n := result.Width * result.Height
		for i := range n {
			got := color.NRGBAModel.Convert(im.At(i%result.Width, i/result.Width)).(color.NRGBA)
			for p, level := range []uint8{got.R, got.G, got.B} {
				v := value(float64(file.Tensors[name].Data[p%result.Channels*n+i]))
				if want := 255 * min(max(v, 0), 1); math.Abs(float64(level)-want) > 0.51 {
					t.Fatalf("%s.png, pixel %d, channel %d: %d, want %v", name, i, p, level, want)
				}
			}
		}
	}
}

func TestSplitFileLeavesNothingBehindWhenItFails(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.png"), filepath.Join(dir, "bad.png")
	writePNG(t, good, 8, 8, false)
	if err := os.WriteFile(bad, []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx context.Context
		q   Request
	}{
		{t.Context(), Request{Image: bad, R: 4}},
		{t.Context(), Request{Image: good, R: -1}},
		{t.Context(), Request{Image: good, R: math.NaN()}},
		{canceled, Request{Image: good, R: 4}},
		{t.Context(), Request{Image: good, R: 4, Dir: filepath.Join(bad, "below")}},
	} {
		out := filepath.Join(dir, "out")
		if c.q.Dir == "" {
			c.q.Dir = out
		}
		if _, err := File(c.ctx, c.q); err == nil {
			t.Errorf("%+v succeeds", c.q)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %v", err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%+v created its folder", c.q)
		}
	}
}

// TestSplitPlaneByPlane compares results assembled from planes with a Splitter of all planes.
func TestSplitPlaneByPlane(t *testing.T) {
	for _, c := range []struct {
		w, h int
		gray bool
		r    float64
	}{{45, 40, false, 6}, {33, 64, true, 0}, {9, 7, false, 2}, {1, 1, false, 3}} {
		path := filepath.Join(t.TempDir(), "x.png")
		x := writePNG(t, path, c.w, c.h, c.gray)
		for _, raw := range []bool{false, true} {
			s, err := Request{Image: path, R: c.r, Raw: raw}.compute(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := make([]float32, c.w*c.h)
			splitter := spectral.NewSplitter(c.h, c.w)
			splitter.Load(x)
			splitter.LogSpectrum(want)
			low, high := splitter.Energy(c.r)
			if e := s.result.Energy; math.Abs(e.Low-low) > 1e-6 || math.Abs(e.High-high) > 1e-6 {
				t.Errorf("%+v: energy %v, want %v %v", c, e, low, high)
			}
			for i, v := range s.spectrum.Pix {
				if math.Abs(float64(v-want[i])) > 1e-5 {
					t.Fatalf("%+v: spectrum at %d is %v, want %v", c, i, v, want[i])
				}
			}
		}
	}
}

func TestSplitRefusesWhatWouldTakeTooMuch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, image.NewPaletted(image.Rect(0, 0, 8000, 8000), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	f.Close()
	_, err = File(t.Context(), Request{Image: path, R: 4, Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "large.png: splitting its 8000×8000 pixels would take 2.7 GB") || !strings.Contains(err.Error(), "resize it") {
		t.Error(err)
	}
	for _, raw := range []bool{false, true} { // 24 megapixels are not refused
		if err := (Request{Raw: raw}).fits(3, 4000, 6000); err != nil {
			t.Error(err)
		}
	}
}

// TestSplitEndsAtOnce cancels at different times: the call returns promptly and leaves no temporary
// files.
func TestSplitEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.png")
	writePNG(t, path, 1600, 1200, false)
	for _, wait := range []time.Duration{0, 20, 60, 150, 250, 400} {
		ctx, cancel := context.WithCancel(t.Context())
		out := filepath.Join(dir, "out")
		done := make(chan error, 1)
		go func() {
			_, err := File(ctx, Request{Image: path, R: 9, Dir: out, Raw: true})
			done <- err
		}()
		time.Sleep(wait * time.Millisecond)
		cancel()
		started := time.Now()
		err := <-done
		if took := time.Since(started); took > 500*time.Millisecond {
			t.Errorf("canceled after %d ms, it returned %v later", wait, took)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		left, _ := filepath.Glob(filepath.Join(out, ".*"))
		if len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
