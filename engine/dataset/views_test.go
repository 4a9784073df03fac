package dataset

import (
	"image/color"
	"math"
	"slices"
	"sync"
	"testing"
)

func TestResize(t *testing.T) {
	im := &Image{C: 1, H: 2, W: 4, Pix: []float32{0, 1, .5, .5, 1, 0, .5, .5}}
	near := func(got *Image, want ...float32) {
		t.Helper()
		if len(got.Pix) != len(want) {
			t.Fatalf("%d pixels, want %d", len(got.Pix), len(want))
		}
		for i, v := range want {
			if math.Abs(float64(got.Pix[i]-v)) > 1e-6 {
				t.Errorf("%v, want %v", got.Pix, want)
				return
			}
		}
	}
	near(im.Resize(1, 1, 2), .5, .5)                                         // areas
	near(im.Resize(1, 2, 2), .5, .5, .5, .5)                                 //
	near(im.Resize(1, 1, 3), .5, .5, .5)                                     // 4 to 3: parts of pixels
	near((&Image{1, 1, 2, []float32{0, 1}}).Resize(1, 1, 4), 0, .25, .75, 1) // between centres
	near((&Image{1, 1, 3, []float32{0, .6, .3}}).Resize(1, 1, 2), .2, .4)
	near(im.Resize(3, 2, 4), slices.Concat(im.Pix, im.Pix, im.Pix)...)
	near((&Image{3, 1, 1, []float32{1, .5, .25}}).Resize(1, 1, 1), .299+.2935+.0285)
	near((&Image{1, 1, 1, []float32{.5}}).Resize(1, 2, 3), .5, .5, .5, .5, .5, .5)
	if im.Resize(1, 2, 4) != im {
		t.Error("an image that fits was copied")
	}
	// Constant images stay constant at any size.
	for _, size := range [][2]int{{1, 1}, {3, 7}, {50, 2}, {224, 224}} {
		flat := &Image{C: 1, H: 33, W: 47, Pix: slices.Repeat([]float32{.7}, 33*47)}
		for _, v := range flat.Resize(3, size[0], size[1]).Pix {
			if math.Abs(float64(v)-.7) > 1e-5 {
				t.Fatalf("%v: constant .7 became %v", size, v)
			}
		}
	}
}

func TestResized(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/1.png", "a/2.png", "b/3.png"} {
		write(t, dir, name, pngBytes(t, dot(40, 30, color.NRGBA{51, 102, 153, 255})))
	}
	s := Resized(open(t, dir).Test, 3, 8, 9)
	if c, h, w := s.Shape(); c != 3 || h != 8 || w != 9 {
		t.Fatalf("shape %d×%d×%d", c, h, w)
	}
	dst, labels := make([]float32, 3*3*8*9), make([]int, 3)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			own := make([]float32, len(dst))
			if err := s.ReadBatch(own, nil, []int{2, 0, 2}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := s.ReadBatch(dst, labels, []int{2, 0, 1}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(labels, []int{1, 0, 0}) {
		t.Errorf("labels %v", labels)
	}
	for i, v := range dst {
		if want := []float64{.2, .4, .6}[i/72%3]; math.Abs(float64(v)-want) > 1e-5 {
			t.Fatalf("value %d is %v, want %v", i, v, want)
		}
	}
	if s.Title(2) != "3.png" || s.Len() != 3 {
		t.Error("a resized set has other titles")
	}
	shapes := Shapes(ShapesOptions{}).Test
	if Resized(shapes, 3, 32, 32) != shapes {
		t.Error("a set that fits was wrapped")
	}
	write(t, dir, "b/3.png", []byte("gone"))
	err := Resized(open(t, dir).Test, 3, 8, 9).ReadBatch(dst, labels, []int{0, 2, 1})
	checkLine(t, err, "3.png")
}

func TestPanicsReachTheCaller(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an index beyond the set did not panic")
		}
	}()
	s := Resized(Shapes(ShapesOptions{Test: 5}).Test, 1, 8, 8)
	s.ReadBatch(make([]float32, 128), nil, []int{1, 5})
}

func TestSubset(t *testing.T) {
	all := Shapes(ShapesOptions{Train: 30}).Train
	s := Subset(all, 10)
	if s.Len() != 10 || Subset(all, 30) != all || Subset(all, 99) != all {
		t.Fatal("wrong length")
	}
	if s.Label(7) != all.Label(7) || s.Title(7) != "train 7" || !slices.Equal(image1(t, s, 7).Pix, image1(t, all, 7).Pix) {
		t.Error("not the same images")
	}
	defer func() {
		if recover() == nil {
			t.Error("an image beyond the subset was given")
		}
	}()
	s.Label(10)
}

func TestShuffled(t *testing.T) {
	all := Shapes(ShapesOptions{Train: 1000}).Train
	s, again, other := Shuffled(all, 1), Shuffled(all, 1), Shuffled(all, 2)
	var count [10]int
	same, differs := 0, 0
	for i := range s.Len() {
		count[s.Label(i)]++
		if s.Label(i) == all.Label(i) {
			same++
		}
		if s.Label(i) != again.Label(i) {
			t.Fatal("the same seed gives other labels")
		}
		if s.Label(i) != other.Label(i) {
			differs++
		}
	}
	if same < 60 || same > 140 || differs < 800 {
		t.Errorf("%d of 1000 labels are as they were, %d differ from another seed's", same, differs)
	}
	for class, n := range count {
		if n != 100 {
			t.Errorf("class %d has %d images, want 100", class, n)
		}
	}
	dst, labels := make([]float32, 2*3072), make([]int, 2)
	if err := s.ReadBatch(dst, labels, []int{4, 5}); err != nil {
		t.Fatal(err)
	}
	if labels[0] != s.Label(4) || labels[1] != s.Label(5) || !slices.Equal(dst[:3072], image1(t, all, 4).Pix) {
		t.Error("the batch has other labels or images")
	}
}
