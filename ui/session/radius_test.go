package session

import (
	"testing"

	"hfcui/engine/lab"
)

// r starts where it divides the energy of the images, of whatever size they are.
func TestFirstRadius(t *testing.T) {
	for _, c := range []struct {
		info lab.Info
		want float64
	}{
		{lab.Info{MaxRadius: 23, OwnRadius: 23, Labeled: true}, 10},
		{lab.Info{MaxRadius: 20, OwnRadius: 20, Labeled: true}, 9},
		{lab.Info{MaxRadius: 159, Labeled: true}, 27},
		{lab.Info{MaxRadius: 159, OwnRadius: 23, Labeled: true}, 10}, // small images, enlarged for the model
		{lab.Info{MaxRadius: 23, OwnRadius: 400, Labeled: true}, 10}, // large ones, as the model sees them
		{lab.Info{MaxRadius: 23, OwnRadius: 400, DefaultModel: true}, 43},
		{lab.Info{MaxRadius: 23, DefaultModel: true}, 10},
	} {
		if got := (&Session{Info: c.info}).firstRadius(); got != c.want {
			t.Errorf("%+v: %v, not %v", c.info, got, c.want)
		}
	}
}
