package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/cmplx"
	"slices"
	"sync"
	"testing"
)

// bytesOf returns an image's original bytes.
func bytesOf(im *Image) []byte {
	out := make([]byte, len(im.Pix))
	for i, v := range im.Pix {
		out[i] = byte(math.Round(float64(v) * 255))
	}
	return out
}

// The images are part of the contract: the embedded models were trained on them. When this
// test fails on one platform only, something depends on its arithmetic.
func TestShapesDigest(t *testing.T) {
	d := Shapes(ShapesOptions{})
	h := sha256.New()
	for _, s := range []Set{d.Train, d.Test} {
		for i := range 300 {
			h.Write([]byte{byte(s.Label(i))})
			h.Write(bytesOf(image1(t, s, i)))
		}
	}
	const want = "174427397d591ec87417806b7759b48322690976cb6780d17dfac764cb24a0b1"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the images' digest is %s, want %s", got, want)
	}
}

// Rounding the sine table must not depend on the last bits of a platform's math.Sin.
func TestSineTable(t *testing.T) {
	for i, v := range sine {
		exact := math.Sin(2*math.Pi*float64(i)/1024) * (1 << 14)
		if off := math.Abs(exact - float64(v)); off > 0.499999 {
			t.Errorf("entry %d, %v, is %v from a half", i, exact, 0.5-off)
		}
	}
}

func TestShapesSets(t *testing.T) {
	d := open(t, "shapes")
	if d.Name != "shapes" || d.Train.Len() != 20000 || d.Test.Len() != 5000 || len(d.Test.Classes()) != 10 {
		t.Fatalf("%q with %d and %d images of %v", d.Name, d.Train.Len(), d.Test.Len(), d.Test.Classes())
	}
	for _, split := range d.Info().Splits {
		for class, n := range split.PerClass {
			if n*10 != split.Images {
				t.Errorf("%s: class %d has %d images", split.Split, class, n)
			}
		}
	}
	var count [10]int
	for i := range 100 {
		count[d.Test.Label(i)]++
	}
	if count != [10]int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10} {
		t.Errorf("the first hundred test images are of classes %v", count)
	}
	seen := map[[32]byte]bool{}
	for _, s := range []Set{d.Train, d.Test, open(t, "shapes:seed=2").Train, open(t, "shapes:seed=2").Test} {
		for i := range 1500 {
			sum := sha256.Sum256(bytesOf(image1(t, s, i)))
			if seen[sum] {
				t.Fatalf("%s image %d came before", s.Split(), i)
			}
			seen[sum] = true
		}
	}
}

func TestShapesConcurrent(t *testing.T) {
	s := Shapes(ShapesOptions{}).Train
	want := make([]float32, 20*3072)
	indices := []int{5, 3, 19, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	if err := s.ReadBatch(want, nil, indices); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			got, labels := make([]float32, len(want)), make([]int, 20)
			if err := s.ReadBatch(got, labels, indices); err != nil || !slices.Equal(got, want) || labels[2] != s.Label(19) {
				t.Error("images differ from call to call")
			}
		})
	}
	wait.Wait()
	indices, dst := []int{1, 2}, make([]float32, 2*3072)
	if n := testing.AllocsPerRun(10, func() { s.ReadBatch(dst, nil, indices) }); n > 0 && !raceEnabled {
		t.Errorf("ReadBatch allocates %v times", n)
	}
}

func TestShapesOptions(t *testing.T) {
	o, err := parseShapes("seed=7,agreement=0.25,train=12,test=3")
	if want := (ShapesOptions{7, 12, 3, 0.25}); err != nil || o != want {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseShapes("agreement=0"); err != nil || o.withDefaults().agreement() != 0 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, bad := range []string{"sed=1", "seed=-1", "seed", "agreement=1.1", "agreement=NaN", "train=0", "train=99999999999", "x\x1b=1"} {
		wantError(t, "shapes:"+bad, "shapes:seed=2")
	}
}

// power returns the energy of each Fourier coefficient of a 32×32 plane.
func power(plane []float32) (p [shapesSide][shapesSide]float64) {
	const n = shapesSide
	var turn [n]complex128
	for i := range turn {
		turn[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/n)
	}
	var rows [n][n]complex128
	for y := range n {
		for k := range n {
			for x := range n {
				rows[y][k] += complex(float64(plane[y*n+x]), 0) * turn[x*k%n]
			}
		}
	}
	for j := range n {
		for k := range n {
			var f complex128
			for y := range n {
				f += rows[y][k] * turn[y*j%n]
			}
			p[j][k] = real(f)*real(f) + imag(f)*imag(f)
		}
	}
	return p
}

// apart is the distance of two frequencies in cycles, where those that differ by 32 are one.
func apart(x, y float64) float64 {
	fold := func(d float64) float64 { return math.Abs(d - 32*math.Round(d/32)) }
	return math.Hypot(fold(x), fold(y))
}

// highShare is the share of the energy without the mean's in coefficients at a distance of
// r or more from the zero frequency.
func highShare(plane []float32, r float64) float64 {
	var all, high float64
	for j, row := range power(plane) {
		for k, e := range row {
			if j+k == 0 {
				continue
			}
			all += e
			if apart(float64(j), float64(k)) >= r {
				high += e
			}
		}
	}
	return high / all
}

// paintPlane draws a scene and returns its red plane.
func paintPlane(s *scene) []float32 {
	var canvas shapesCanvas
	r := stream(1)
	s.paint(&canvas, &r)
	plane := make([]float32, shapesSide*shapesSide)
	for i := range plane {
		plane[i] = unit[canvas[i]]
	}
	return plane
}

// By construction textures lie above r = 10 and silhouettes below.
func TestShapesBands(t *testing.T) {
	for class, name := range shapesNames {
		var texture, silhouette float64
		const draws = 12
		for k := range draws {
			var s scene
			s.shape = &silhouettes()[class]
			s.back = [3]int{120 * level, 120 * level, 120 * level}
			r := stream(k)
			s.stripe(&r, class)
			texture += highShare(paintPlane(&s), 10) / draws
			s.amplitude = [3]int{}
			s.pose(&r)
			s.cx, s.cy = shapesSide*128, shapesSide*128 // an outline cut off at the edge has no end to its spectrum
			s.fore, s.veil = [3]int{200 * level, 200 * level, 200 * level}, 256
			silhouette += highShare(paintPlane(&s), 10) / draws
		}
		t.Logf("%-9s energy above r=10: texture %.4f, silhouette %.4f", name, texture, silhouette)
		if texture < 0.95 {
			t.Errorf("%s: only %.3f of the texture's energy lies above r=10", name, texture)
		}
		if silhouette > 0.03 {
			t.Errorf("%s: %.3f of the silhouette's energy lies above r=10", name, silhouette)
		}
	}
}

// The textures' wave vectors are apart, also when negative ones and aliases are counted.
func TestWavesApart(t *testing.T) {
	for a, v := range waves {
		vx, vy := float64(v[0])/2, float64(v[1])/2
		if length := math.Hypot(vx, vy); length < 12.5 {
			t.Errorf("wave %d is %v cycles long", a, length)
		}
		for b, w := range waves[:a] {
			wx, wy := float64(w[0])/2, float64(w[1])/2
			if d := min(apart(vx-wx, vy-wy), apart(vx+wx, vy+wy)); d < 5.7 {
				t.Errorf("waves %d and %d are %v cycles apart", a, b, d)
			}
		}
	}
}

// strongestWave returns the class near whose wave vector an image has most energy, and
// whether that stands out.
func strongestWave(im *Image) (class int, clear bool) {
	p := power(im.Pix[:shapesSide*shapesSide])
	best, total := 0.0, 0.0
	for k, wave := range waves {
		var near float64
		for j, row := range p {
			for i, e := range row {
				if apart(float64(i)-float64(wave[0])/2, float64(j)-float64(wave[1])/2) < 1.6 {
					near += e
				}
			}
		}
		total += near
		if near > best {
			best, class = near, k
		}
	}
	return class, best > 0.7*total
}

func TestShapesAgreement(t *testing.T) {
	for _, agreement := range []float64{-1, 0.5, 1} {
		s := Shapes(ShapesOptions{Agreement: agreement}).Train
		agree, clear := 0, 0
		for i := range 200 {
			if class, ok := strongestWave(image1(t, s, i)); ok {
				clear++
				if class == s.Label(i) {
					agree++
				}
			}
		}
		share := float64(agree) / float64(clear)
		if clear < 100 || math.Abs(share-math.Max(agreement, 0)) > 0.12 {
			t.Errorf("agreement %v: %d of %d clear textures are the class's", agreement, agree, clear)
		}
	}
}

func BenchmarkShapes(b *testing.B) {
	s := Shapes(ShapesOptions{}).Train
	dst := make([]float32, 3072)
	at := []int{0}
	b.ReportAllocs()
	for b.Loop() {
		at[0] = (at[0] + 1) % s.Len()
		if err := s.ReadBatch(dst, nil, at); err != nil {
			b.Fatal(err)
		}
	}
}
