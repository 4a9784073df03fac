package measure

import (
	"encoding/json"
	"math"
	"testing"
)

// Expected values are scipy.stats.binomtest(k, n).proportion_ci(method="wilson").
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{
		{0, 10, 0, 0.27753279986288926},
		{10, 10, 0.7224672001371109, 1},
		{5, 10, 0.236593090512564, 0.763406909487436},
		{9500, 10000, 0.9455528841569758, 0.9541015173094152},
	} {
		lo, hi := Score{c.k, c.n}.Wilson()
		if math.Abs(lo-c.lo) > 1e-9 || math.Abs(hi-c.hi) > 1e-9 {
			t.Errorf("%d of %d: [%.16f, %.16f], want [%.16f, %.16f]", c.k, c.n, lo, hi, c.lo, c.hi)
		}
	}
	if lo, hi := (Score{}).Wilson(); lo != 0 || hi != 1 {
		t.Errorf("no images: [%v, %v], want [0, 1]", lo, hi)
	}
}

func TestScoreJSON(t *testing.T) {
	for _, c := range []struct {
		s    Score
		want string
	}{
		{Score{}, `{"correct":0,"n":0,"accuracy":null,"ci95":[0,1]}`},
		{Score{1, 1}, `{"correct":1,"n":1,"accuracy":1,"ci95":[0.2065493143772375,1]}`},
	} {
		got, err := json.Marshal(c.s)
		if err != nil || string(got) != c.want {
			t.Errorf("%+v: %s, %v; want %s", c.s, got, err, c.want)
		}
		var back Score
		if err := json.Unmarshal(got, &back); err != nil || back != c.s {
			t.Errorf("%s read back: %+v, %v", got, back, err)
		}
	}
}
