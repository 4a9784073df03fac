package main

import (
	"slices"
	"strings"
	"testing"
)

func TestRadiiReadsLists(t *testing.T) {
	for _, c := range []struct {
		text string
		want []float64
	}{
		{"4", []float64{4}},
		{"4,8,12", []float64{4, 8, 12}},
		{" 4, 8.5 ", []float64{4, 8.5}},
		{"0:3:1", []float64{0, 1, 2, 3}},
		{"0:3", []float64{0, 1, 2, 3}},
		{"0:1:0.1", []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}},
		{"0:0.1:0.01", []float64{0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1}},
		{"1:4:2", []float64{1, 3}},
		{"2:2:1", []float64{2}},
		{"4,10:14:2", []float64{4, 10, 12, 14}},
	} {
		var got radii
		if err := got.Set(c.text); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v, want %v", c.text, got, err, c.want)
		}
	}
}

func TestRadiiRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", ",", "4,", "a", "-1", "NaN", "inf", "4:2:1", "0:4:0", "0:4:-1", "0:inf:1",
		"0:1:1:1", "::", "0:1e9:1", "0:1:1e-300", strings.Repeat("1,", 2000) + "1", "0:999:1,4"} {
		var got radii
		if err := got.Set(text); err == nil {
			t.Errorf("%.20q is taken as %d radii", text, len(got))
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: more than one line: %v", text, err)
		}
	}
}

func FuzzRadii(f *testing.F) {
	for _, text := range []string{"4,8,12", "0:23:1", "0:1e308:1e-308", "::", "NaN", "1e999", "-0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list radii
		if list.Set(text) != nil {
			return
		}
		if len(list) == 0 || len(list) > maxListed {
			t.Fatalf("%q gives %d radii", text, len(list))
		}
		for _, r := range list {
			if !(r >= 0) {
				t.Fatalf("%q gives radius %v", text, r)
			}
		}
		var again radii
		if err := again.Set(list.String()); err != nil || !slices.Equal(again, list) {
			t.Fatalf("%q is written as %q: %v", text, list.String(), err)
		}
	})
}

func TestDidYouMean(t *testing.T) {
	names := []string{"resnet18", "resnet20", "vgg11", "lenet5", "demo", "shapes"}
	for _, c := range []struct{ typed, want string }{
		{"dmeo", "; did you mean demo?"},
		{"resnet2", "; did you mean resnet20?"},
		{"VGG11", "; did you mean vgg11?"},
		{"shape", "; did you mean shapes?"},
		{"transformer", ""},
		{"", ""},
	} {
		if got := didYouMean(c.typed, names); got != c.want {
			t.Errorf("%q: %q, want %q", c.typed, got, c.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine("a\nb\t\x1b[31mc\u202e \x00d"); got != "a b [31mc d" {
		t.Errorf("%q", got)
	}
}
