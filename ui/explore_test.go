package ui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

func TestExploreShowsEverything(t *testing.T) {
	d := start(t, 100, 30)
	d.Shows("1 Explore", "2 Bands", "3 Kernels", "5 Experim", "6 Attack", "7 Heatmap",
		"test 0", "whole", "low", "high", "10.0", "✓",
		"demo", "shapes test", "resnet20", "? help", "q quit")
}

func TestImagesAreSteppedThrough(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("down n j").Shows("test 3")
	d.Keys("up p k up").Shows("test 1999") // round the end
	d.Keys("down").Shows("test 0")
}

func TestJumpToIndex(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("g").Shows("Go to image", "0 to 1,999; now 0", "enter go")
	d.Types("5000").Keys("enter").Shows("a number from 0 to 1,999")
	d.Keys("ctrl+u").Types("x7").Keys("enter").Shows("a number from 0")
	d.Keys("backspace backspace").Types("17").Shows("test 17 ·")
	d.Keys("enter").Hides("Go to image").Shows("test 17")
	if d.App.Index != 17 {
		t.Fatalf("index %d, want 17", d.App.Index)
	}
	d.Keys("g 3 esc").Hides("Go to image")
	if d.App.Index != 17 {
		t.Fatalf("esc moved to %d", d.App.Index)
	}
}

func TestClassFilter(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("c").Shows("Filter by class", "all classes", "circle")
	d.Types("hxg").Shows("class hxg").Hides("all classes")
	d.Keys("enter").Shows("only hexagon")
	for range 5 {
		if got := d.Lab.Label(d.App.Index); got != 8 {
			t.Fatalf("image %d is of class %d, want 8", d.App.Index, got)
		}
		d.Keys("down")
	}
	d.Keys("c enter").Hides("only hexagon")
	if d.App.Class != -1 {
		t.Fatal("the filter is still on")
	}
}

// Whoever goes to an image by its number gets it; another split keeps the filter if it can.
func TestClassFilterAndOtherKeys(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("c").Types("hexagon").Keys("enter t").Shows("only hexagon", "train")
	if got := d.Lab.Label(d.App.Index); got != 8 {
		t.Fatalf("image %d of the other split is of class %d, want 8", d.App.Index, got)
	}
	other := d.App.Index
	for d.Lab.Label(other) == 8 {
		other++
	}
	d.Keys("g").Types(fmt.Sprint(other)).Keys("enter").Shows("filter cleared", fmt.Sprint("train ", other)).Hides("only hexagon")
	if d.App.Index != other || d.App.Class != -1 {
		t.Fatalf("image %d, class %d", d.App.Index, d.App.Class)
	}
}

func TestEqualBarsKeepTheOrderOfClasses(t *testing.T) {
	answer := measure.Prediction{Class: 2, Probabilities: []float64{0.001, 0.0012, 0.4, 0.402, 0.003}}
	order := []int{0, 1, 2, 3, 4}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(session.ShownRank(answer, j), session.ShownRank(answer, i)) })
	if !slices.Equal(order, []int{2, 3, 0, 1, 4}) {
		t.Fatalf("order %v", order)
	}
}

func TestSettingsChangeWhatTheModelIsAsked(t *testing.T) {
	d := start(t, 140, 44)
	d.Keys("s").Shows("smoothing ρ 0.50")
	if q := d.Lab.Views[len(d.Lab.Views)-1]; q.Rho != 0.5 {
		t.Fatalf("asked with ρ %v, want 0.5", q.Rho)
	}
	d.Keys("] ]").Shows("ρ 0.70")
	d.Keys("[ [ [ [").Shows("ρ 0.40")
	for range 40 {
		d.Keys("[")
	}
	d.Shows("ρ 0.05")
	for range 60 {
		d.Keys("]")
	}
	d.Shows("ρ 2.00")
	d.Keys("s m").Shows("smoothing off", "band norm. max")
	d.Keys("m").Shows("band norm. std")
	d.Keys("b").Shows("batch norm batch")
	q := d.Lab.Views[len(d.Lab.Views)-1]
	want := bands.Setting{Normalize: 2, Statistics: 1}
	if q.Setting != want {
		t.Fatalf("asked with %+v, want %+v", q.Setting, want)
	}
}

func TestSplitSwitch(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("down down t").Shows("shapes train", "train 2")
	d.Keys("t").Shows("shapes test", "test 2")
	d.Lab.About.Splits = []string{"test", "broken"}
	d.App.Info.Splits = d.Lab.About.Splits
	d.Keys("t").Shows("no such split", "test 2")
	d.Keys("right").Hides("no such split")
}

func TestHighPartIsNamed(t *testing.T) {
	d := start(t, 100, 30)
	d.Shows("gray = 0").Hides("the input")
	d.Keys("v").Shows("high-pass unscaled, gray = 0")
	d.Keys("v").Shows("high-pass unscaled")
	d.Keys("v").Shows("high-pass ×")
}

func TestErrorsTakeThePicturesPlace(t *testing.T) {
	d := start(t, 100, 30)
	d.Lab.ViewError = errors.New("cat\x1b[31m.png: not an\nimage")
	d.Shows("split", "gray = 0")
	d.Keys("down").Shows("cat[31m.png: not an image", "– % energy", "● low", "▲ high")
	d.Hides("ms", "×")
	d.Lab.ViewError = nil
	d.Keys("down").Hides("not an image").Shows("✓")
}

func TestUnlabelledImages(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.About.Labeled = false
	d := startWith(t, lab, Options{}, 100, 30)
	d.Hides("✓", "✗", "f flip").Shows("·")
	for _, key := range []string{"c", "f", "F"} {
		d.Keys(key).Shows("unavailable: no labels that match the model's classes")
		d.Keys("right").Hides("this needs labels")
	}
	d.Keys("2").Shows("Accuracy unavailable: no labels that match")
}

func TestNothingJumps(t *testing.T) {
	d := start(t, 100, 30)
	x, y := d.Where("whole")
	bx, by := d.Where("q quit")
	for _, k := range strings.Fields("right . , s ] m m m b n f home end") {
		d.Keys(k)
		if gx, gy := d.Where("whole"); gx != x || gy != y {
			t.Fatalf("after %s the title is at %d,%d, before at %d,%d", k, gx, gy, x, y)
		}
		if gx, gy := d.Where("q quit"); gx != bx || gy != by {
			t.Fatalf("after %s the hints moved", k)
		}
	}
}
