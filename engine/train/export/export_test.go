package export

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/train"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 500_000_000, time.UTC)

func stamp(kind string, epoch int) train.Stamp {
	return train.Stamp{Type: kind, Time: at, Seconds: float64(epoch), Step: 10 * epoch, Epoch: epoch}
}

func events() []train.Event {
	b := &train.BandsEvent{Stamp: stamp("bands", 1), Split: "test", N: 4, Whole: measure.Score{Correct: 3, N: 4}}
	r := bands.Result{Radii: []float64{4, 7.5}, Low: []measure.Score{{Correct: 1, N: 4}, {Correct: 2, N: 4}}, High: []measure.Score{{N: 4}, {}}}
	b.Bands = bands.NewReport("", "", "test", bands.NormalizeNone, model.RunningStatistics, model.Smoothing{}, r).Bands
	return []train.Event{
		&train.StepEvent{Stamp: stamp("step", 1), Loss: 2.5, Train: &measure.Score{Correct: 1, N: 8}, LearningRate: 0.1, ImagesPerSecond: 100},
		&train.EpochEvent{Stamp: stamp("epoch", 1), Loss: 2.25, Test: &measure.Score{Correct: 5, N: 8}, LearningRate: 0.05, ImagesPerSecond: 99},
		b,
		&train.CheckpointEvent{Stamp: stamp("checkpoint", 1)},
		&train.EndEvent{Stamp: stamp("end", 1), Reason: train.Finished},
	}
}

// A number that is null in an event is unknown, not 0.
func TestCSV(t *testing.T) {
	unknown, err := train.Decode([]byte(`{"type":"step","time":"2026-01-02T03:04:05.5Z","step":10,"epoch":1,"loss":null}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(unknown)
	if err != nil || !strings.Contains(string(text), `{"type":"step"`) || !strings.Contains(string(text), `"loss":null`) {
		t.Errorf("%s, %v", text, err)
	}
	var b bytes.Buffer
	if err := CSV(&b, []Run{{Name: "a, \"b\"", Events: append(events(), unknown), Notes: []train.Note{{Step: 10, Text: "lr too high", Time: at}}}}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if n := rows[len(rows)-1]; n[1] != "note" || n[5] != "10" || n[11] != "lr too high" {
		t.Errorf("note: %q", n)
	}
	var got []string
	for _, r := range rows[1 : len(rows)-1] {
		got = append(got, r[1]+"="+r[6])
		if r[0] != `a, "b"` || r[4] != "1" || r[5] != "10" || r[2] != "2026-01-02T03:04:05.5Z" {
			t.Errorf("%v", r)
		}
	}
	want := "step/loss=2.5 step/train=0.125 step/learning_rate=0.1 step/images_per_s=100 epoch/loss=2.25 epoch/test=0.625 " +
		"epoch/learning_rate=0.05 epoch/images_per_s=99 bands/whole=0.75 bands/low/4=0.25 bands/high/4=0 bands/low/7.5=0.5"
	if strings.Join(got, " ") != want {
		t.Errorf("%v", got)
	}
	if test := rows[6]; test[7] != "5" || test[8] != "8" || !strings.HasPrefix(test[9], "0.30") || !strings.HasPrefix(test[10], "0.86") {
		t.Errorf("%v", test)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, []Run{{Name: "<a>", State: "ended", Events: events()}, {Name: "none", State: "waiting"}}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Runs []struct {
			Run, State string
			Events     []json.RawMessage
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Runs) != 2 || got.Runs[0].Run != "<a>" || len(got.Runs[0].Events) != 5 || got.Runs[1].Events == nil {
		t.Errorf("%s", b.Bytes())
	}
	for i, text := range got.Runs[0].Events {
		if e, err := train.Decode(text); err != nil || e.At().Type != events()[i].At().Type {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestKnownBytes compares records with the first bytes of files written by TensorFlow, and
// checksums with RFC 3720's examples.
func TestKnownBytes(t *testing.T) {
	var b bytes.Buffer
	if err := TensorBoard(&b, Run{}); err != nil {
		t.Fatal(err)
	}
	// Every event file begins with a record of 24 bytes, whose length has this checksum.
	if want, _ := hex.DecodeString("1800000000000000a37f4b2209"); !bytes.HasPrefix(b.Bytes(), want) {
		t.Errorf("%x", b.Bytes()[:16])
	}
	if got := string(b.Bytes()[12+9 : 12+24]); got != "\x1a\x0dbrain.Event:2" {
		t.Errorf("%q", got)
	}
	unmask := func(m uint32) uint32 { m -= 0xa282ead8; return m>>17 | m<<15 }
	if sum := unmask(masked(make([]byte, 32))); sum != 0x8a9136aa {
		t.Errorf("32 zeros: %08x", sum)
	}
	if sum := unmask(masked(bytes.Repeat([]byte{0xff}, 32))); sum != 0x62a8ab43 {
		t.Errorf("32 ones: %08x", sum)
	}
}

// TestTensorBoard reads the records back.
func TestTensorBoard(t *testing.T) {
	var b bytes.Buffer
	if err := TensorBoard(&b, Run{Events: events(), Notes: []train.Note{{Step: 10, Text: "lr too high", Time: at}}}); err != nil {
		t.Fatal(err)
	}
	var records [][]byte
	for rest := b.Bytes(); len(rest) > 0; {
		n := binary.LittleEndian.Uint64(rest)
		if masked(rest[:8]) != binary.LittleEndian.Uint32(rest[8:]) {
			t.Fatal("a length's checksum is wrong")
		}
		data := rest[12 : 12+n]
		if masked(data) != binary.LittleEndian.Uint32(rest[12+n:]) {
			t.Fatal("a record's checksum is wrong")
		}
		records, rest = append(records, data), rest[16+n:]
	}
	if len(records) != 5 {
		t.Fatalf("%d records", len(records))
	}
	if n := records[4]; !bytes.Contains(n, []byte("\x0a\x04note\x42\x11\x08\x07\x12\x00\x42\x0blr too high\x4a\x0a\x0a\x06\x0a\x04text\x20\x02")) {
		t.Errorf("note: %x", n)
	}
	e := records[1]
	if e[0] != 1<<3|1 || math.Float64frombits(binary.LittleEndian.Uint64(e[1:])) != float64(at.Unix())+0.5 {
		t.Errorf("time: %x", e[:9])
	}
	if e[9] != 2<<3 || e[10] != 10 {
		t.Errorf("step: %x", e[9:11])
	}
	// summary, its length, value, its length, tag "step/loss", simple_value 2.5.
	want := append([]byte{5<<3 | 2, e[12], 1<<3 | 2, 2 + 9 + 5, 1<<3 | 2, 9}, "step/loss\x15\x00\x00\x20\x40"...)
	if !bytes.HasPrefix(e[11:], want) {
		t.Errorf("summary: %x, want %x", e[11:11+len(want)], want)
	}
}
