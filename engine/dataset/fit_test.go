package dataset

import (
	"image"
	"math"
	"strings"
	"testing"
)

// ripples is an image whose rows and columns differ in frequency.
func ripples(h, w int) *image.Gray {
	im := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.Pix[y*w+x] = uint8(x*x*3 + y*7 + x*y)
		}
	}
	return im
}

// TestFit compares with PIL 9.4 (Image.resize, BILINEAR, mode F) and torchvision 0.14's sizes and
// CenterCrop: the corners at the top, a pixel inside, the last one, and the mean.
func TestFit(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		h, w, side int
		fit        Fit
		want       []float64
		mean       float64
	}{
		{97, 151, 32, Crop, []float64{0.51001, 0.51419, 0.45837, 0.45257}, 0.498402},
		{151, 97, 32, Crop, []float64{0.70955, 0.46449, 0.42911, 0.52242}, 0.499485},
		{300, 401, 224, Crop, []float64{0.34686, 0.23432, 0.61240, 0.65676}, 0.500072},
		{40, 60, 128, Crop, []float64{0.67869, 0.33574, 0.22319, 0.68121}, 0.497372},
		{33, 33, 32, Crop, []float64{0.00174, 0.01833, 0.37508, 0.83541}, 0.497415},
		{97, 151, 32, Squash, []float64{0.14019, 0.56285, 0.51046, 0.54282}, 0.498909},
	} {
		path := write(t, dir, "a.png", pngBytes(t, ripples(c.h, c.w)))
		set, err := OpenImages([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		im := image1(t, Resized(Fitted(set, c.fit), 1, c.side, c.side), 0)
		n, mean := c.side, 0.0
		for _, v := range im.Pix {
			mean += float64(v) / float64(n*n)
		}
		for i, at := range []int{0, n - 1, n/2*n + n/3, n*n - 1} {
			if got := float64(im.Pix[at]); math.Abs(got-c.want[i]) > 1e-4 {
				t.Errorf("%d×%d to %d, %s: pixel %d is %v, want %v", c.w, c.h, n, c.fit, at, got, c.want[i])
			}
		}
		if math.Abs(mean-c.mean) > 1e-4 {
			t.Errorf("%d×%d to %d, %s: mean %v, want %v", c.w, c.h, n, c.fit, mean, c.mean)
		}
	}
}

func TestFitIsSaid(t *testing.T) {
	f := newFiles("x", "test")
	if got := Resizing(f, 224, 224); got != "images are resized to 256 pixels at the shortest side, and their center of 224×224 is used" {
		t.Error(got)
	}
	if got := Resizing(Fitted(f, Squash), 32, 48); !strings.Contains(got, "48×32, whatever") {
		t.Error(got)
	}
	if got := Resizing(Shapes(ShapesOptions{}).Test, 64, 64); got != "" {
		t.Error(got)
	}
}
