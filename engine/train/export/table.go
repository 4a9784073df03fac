package export

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"hfcui/engine/train"
)

// header has the columns of CSV: correct, n and the 95 % CI are set for accuracies, the text for notes.
var header = []string{"run", "tag", "time", "seconds", "epoch", "step", "value", "correct", "n", "lo", "hi", "text"}

// NoteTag is the tag of notes.
const NoteTag = "note"

// CSV writes a row for every metric of every event, and every note.
func CSV(w io.Writer, runs []Run) error {
	out := csv.NewWriter(w)
	out.Write(header)
	for _, r := range runs {
		for _, e := range r.Events {
			at := e.At()
			for _, s := range Scalars(e) {
				row := []string{r.Name, s.Tag, at.Time.Format(time.RFC3339Nano), number(at.Seconds), strconv.Itoa(at.Epoch), strconv.Itoa(at.Step), number(s.Value), "", "", "", "", ""}
				if s.Score != nil {
					lo, hi := s.Score.Wilson()
					row[7], row[8], row[9], row[10] = strconv.Itoa(s.Score.Correct), strconv.Itoa(s.Score.N), number(lo), number(hi)
				}
				out.Write(row)
			}
		}
		for _, n := range r.Notes {
			out.Write([]string{r.Name, NoteTag, n.Time.Format(time.RFC3339Nano), "", "", strconv.Itoa(n.Step), "", "", "", "", "", n.Text})
		}
	}
	out.Flush()
	return out.Error()
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// JSON writes {"runs": [Run…]}.
func JSON(w io.Writer, runs []Run) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(Document(runs))
}

// Document returns the value that JSON writes.
func Document(runs []Run) any {
	all := make([]Run, len(runs))
	for i, r := range runs {
		if all[i] = r; r.Events == nil {
			all[i].Events = []train.Event{}
		}
	}
	return struct {
		Runs []Run `json:"runs"`
	}{all}
}
