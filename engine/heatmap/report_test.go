package heatmap

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// The files of an unfinished map say that it is, how far it is, and the n of what there is.
func TestUnfinished(t *testing.T) {
	r := Result{H: 2, W: 2, Images: 10, Share: 0.5, Clean: measure.Score{Correct: 5, N: 5}, Cells: make([]measure.Score, 4)}
	r.Cells[0] = measure.Score{Correct: 2, N: 5}
	text, err := json.Marshal(NewReport("m", "d", "test", model.Smoothing{}, r))
	if err != nil || !strings.Contains(string(text), `"n":5,"complete":false,"done":20,"total":40,"unit":"evaluations"`) {
		t.Errorf("%s, %v", text, err)
	}
	var table bytes.Buffer
	if err := WriteCSV(&table, Named{"m", r}); err != nil || strings.Count(table.String(), ",false,m,") != 4 {
		t.Errorf("%s, %v", table.String(), err)
	}
	if notes := r.Figure("title", 0, 1).Notes; len(notes) != 1 || notes[0] != "Unfinished: 50 % measured." {
		t.Errorf("%q", notes)
	}
	r.Done = true
	if text, _ := json.Marshal(NewReport("m", "d", "test", model.Smoothing{}, r)); strings.Contains(string(text), "complete") {
		t.Errorf("%s", text)
	}
}
