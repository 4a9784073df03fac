package dataset

import (
	"fmt"
	"testing"
)

func TestChooseCorruption(t *testing.T) {
	data := func() *Data {
		return &Data{Name: "tree", corruptions: &corruptions{
			list: []Corruption{{"blur", []int{2, 3}}, {"fog", []int{1}}},
			open: func(name string, severity int) (Set, error) {
				return newFiles(fmt.Sprint(name, severity), "test"), nil
			},
		}}
	}
	for _, c := range []struct {
		corruption string
		severity   int
		name, want string
	}{
		{"", 0, "blur2", "tree blur 2"}, {"Fog", 0, "fog1", "tree fog 1"}, {"blur", 3, "blur3", "tree blur 3"}, {"", 3, "blur3", "tree blur 3"},
	} {
		d := data()
		if err := d.chooseCorruption(c.corruption, c.severity); err != nil || d.Test.Name() != c.name || d.Name != c.want {
			t.Errorf("%q %d: %v, %v of %q", c.corruption, c.severity, err, d.Test, d.Name)
		}
	}
	checkLine(t, data().chooseCorruption("snow", 1), `"snow": use blur, fog`)
	checkLine(t, data().chooseCorruption("blur", 1), "severity 1 of blur: use one of 2 3")
	checkLine(t, (&Data{Name: "plain"}).chooseCorruption("", 2), "plain has no corruptions")
	if err := (&Data{}).chooseCorruption("", 0); err != nil {
		t.Error(err)
	}
}
