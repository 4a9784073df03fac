package dataset

import (
	"fmt"
	"image/color"
	"testing"
)

func TestHoldOut(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		p := pngBytes(t, dot(20+i, 30, color.White))
		write(t, dir, fmt.Sprintf("a/%d.png", i), p)
		write(t, dir, fmt.Sprintf("b/%d.png", i), p)
	}
	d := open(t, dir)
	h := d.HoldOut()
	if got := contents(h.Test); got != "a: 4.png 9.png; b: 4.png 9.png" || h.Train.Len() != 16 || h.Train.Split() != "train" || len(h.Notes) != len(d.Notes)+1 {
		t.Errorf("%s, %d to train on, %q", got, h.Train.Len(), h.Notes)
	}
	if again := h.HoldOut(); again != h {
		t.Error("divided twice")
	}
	c, height, w, err := UsualSize(h.Train, 64)
	if err != nil || c != 3 || height != 16 || w != 16 {
		t.Errorf("%d×%d×%d, %v", c, height, w, err)
	}
	x, labels := make([]float32, 2*3*16*16), make([]int, 2)
	if err := Resized(h.Train, 3, 16, 16).ReadBatch(x, labels, []int{0, 15}); err != nil || labels[0] != 0 || labels[1] != 1 || x[0] != 1 {
		t.Error(err, labels, x[0])
	}
}
