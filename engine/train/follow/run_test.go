package follow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/train"
)

// epoch is the event of an epoch, the number of seconds into a run.
func epoch(n int) *train.EpochEvent {
	test := measure.Score{Correct: n, N: 10000}
	return &train.EpochEvent{
		Stamp: train.Stamp{Type: "epoch", Time: start.Add(time.Duration(n) * time.Second), Seconds: float64(n), Step: 391 * n, Epoch: n},
		Loss:  1 / float64(n), Train: &measure.Score{Correct: 3 * n, N: 50000}, Test: &test, LearningRate: 0.1, ImagesPerSecond: 1234.5678,
	}
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)

func line(t testing.TB, e train.Event) []byte {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// written is a run folder under a test's control.
type written struct {
	t    testing.TB
	dir  string
	file string
}

func newWritten(t testing.TB) written {
	dir := filepath.Join(t.TempDir(), "run")
	return written{t, dir, filepath.Join(dir, train.EventsFile)}
}

func (w written) append(text []byte) {
	w.t.Helper()
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	f, err := os.OpenFile(w.file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err == nil {
		_, err = f.Write(text)
		f.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func epochs(events []train.Event) (list []int) {
	for _, e := range events {
		list = append(list, e.At().Epoch)
	}
	return list
}

// looker polls a folder and checks the updates.
type looker struct {
	written
	*follower
	now time.Time
}

func newLooker(t *testing.T) *looker {
	w := newWritten(t)
	return &looker{w, newFollower(w.dir, Options{}.filled()), start}
}

// sees polls once and checks the state and the epochs of events.
func (l *looker) sees(what string, state State, begun bool, want ...int) Update {
	l.t.Helper()
	u, _, more := l.look(l.now)
	if u.State != state || u.Begun != begun || !slices.Equal(epochs(u.Events), want) || more || u.Err != nil {
		l.t.Errorf("%s: %v, begun %v, %v, more %v, %v; want %v, %v, %v", what, u.State, u.Begun, epochs(u.Events), more, u.Err, state, begun, want)
	}
	return u
}

func (l *looker) cut(t *testing.T, events ...train.Event) {
	t.Helper()
	size := 0
	for _, e := range events {
		size += len(line(t, e))
	}
	if err := os.Truncate(l.file, int64(size)); err != nil {
		t.Fatal(err)
	}
}

// TestFollowing begins before the folder is there, and meets lines that are torn or none.
func TestFollowing(t *testing.T) {
	l := newLooker(t)
	l.sees("no folder", Waiting, false)
	if _, news, _ := l.look(l.now); news {
		t.Error("nothing is news")
	}
	l.append(nil)
	l.sees("empty", Waiting, false)
	l.append(line(t, epoch(1)))
	l.sees("first", Running, false, 1)
	three := line(t, epoch(3))
	l.append(append(line(t, epoch(2)), three[:40]...))
	l.sees("torn", Running, false, 2)
	l.append(three[40:])
	l.sees("whole", Running, false, 3)
	l.append([]byte("nonsense\n{\"type\":\"weather\"}\n\n{\"type\":\"epoch\",\"epoch\":\"x\"}\n"))
	if u := l.sees("nonsense", Running, false); u.Skipped != 3 {
		t.Errorf("%d lines skipped", u.Skipped)
	}
	l.append(line(t, epoch(4)))
	l.sees("after nonsense", Running, false, 4)
}

// A paused run does not become silent.
func TestFollowingAPause(t *testing.T) {
	l := newLooker(t)
	at := func(kind string, seconds int) train.Stamp {
		return train.Stamp{Type: kind, Time: start.Add(time.Duration(seconds) * time.Second), Step: 391, Epoch: 1}
	}
	l.append(line(t, epoch(1)))
	l.sees("first", Running, false, 1)
	l.append(line(t, &train.PauseEvent{Stamp: at("pause", 2)}))
	l.sees("pause", Paused, false, 1)
	l.now = start.Add(10 * time.Hour)
	l.sees("later", Paused, false)
	l.append(line(t, &train.ResumeEvent{Stamp: at("resume", 36000)}))
	l.sees("it goes on", Running, false, 1)
	l.now = l.now.Add(45 * time.Second)
	l.sees("after a while, by which a pause does not count", Silent, false)
}

// TestFollowingBack follows a run that is taken up from before what was read, or begun anew.
func TestFollowingBack(t *testing.T) {
	l := newLooker(t)
	l.append(slices.Concat(line(t, epoch(1)), line(t, epoch(2)), []byte("nonsense\n"), line(t, epoch(3))))
	l.sees("first", Running, false, 1, 2, 3)
	l.cut(t, epoch(1))
	again := epoch(2)
	again.Time = again.Time.Add(time.Hour)
	l.append(slices.Concat(line(t, again), line(t, epoch(3)), line(t, epoch(4)), line(t, epoch(5))))
	if u := l.sees("cut, and longer than before", Running, true, 1, 2, 3, 4, 5); u.Skipped != 0 {
		t.Errorf("%d lines skipped", u.Skipped)
	}
	l.cut(t, epoch(1))
	l.sees("cut", Running, true, 1)
	if err := os.RemoveAll(l.written.dir); err != nil {
		t.Fatal(err)
	}
	l.sees("removed", Waiting, true)
	l.append(line(t, epoch(9)))
	l.sees("anew", Running, false, 9)
}

// TestFollowingSilence lets a run fall silent, come back, and end.
func TestFollowingSilence(t *testing.T) {
	l := newLooker(t)
	l.append(line(t, epoch(9)))
	l.now = epoch(9).Time
	l.sees("first", Running, false, 9)
	l.now = l.now.Add(31 * time.Second)
	if u := l.sees("silent", Silent, false); u.Quiet < 30*time.Second {
		t.Errorf("quiet for %v", u.Quiet)
	}
	l.append(line(t, epoch(29)))
	l.sees("back", Running, false, 29)
	l.now = l.now.Add(50 * time.Second)
	l.sees("it has been silent before", Running, false)
	l.now = l.now.Add(15 * time.Second)
	l.sees("but not for so long", Silent, false)
	l.append(line(t, &train.EndEvent{Stamp: train.Stamp{Type: "end", Epoch: 30}, Reason: train.Finished}))
	l.sees("ended", Ended, false, 30)
	l.now = l.now.Add(time.Hour)
	l.sees("and stays so", Ended, false)
}

func TestLongSilentAtOnce(t *testing.T) {
	w := newWritten(t)
	w.append(line(t, epoch(1)))
	f := newFollower(w.dir, Options{}.filled())
	if u, _, _ := f.look(start.Add(time.Hour)); u.State != Silent || u.Quiet < 59*time.Minute {
		t.Errorf("%v for %v", u.State, u.Quiet)
	}
}

func TestEndlessLine(t *testing.T) {
	w := newWritten(t)
	w.append(bytes.Repeat([]byte("x"), maxLine+firstChunk))
	w.append(slices.Concat([]byte("\n"), line(t, epoch(1))))
	u, err := Read(t.Context(), w.dir)
	if err != nil || !slices.Equal(epochs(u.Events), []int{1}) || u.Skipped == 0 {
		t.Errorf("%v, %d skipped, %v", epochs(u.Events), u.Skipped, err)
	}
}

func TestUnreadable(t *testing.T) {
	w := newWritten(t)
	if err := os.MkdirAll(w.file, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), w.dir); err == nil || !strings.Contains(err.Error(), train.EventsFile) {
		t.Errorf("%v", err)
	}
}

// TestRunsFollowsMany follows several runs at a time, which begin while it does.
func TestRunsFollowsMany(t *testing.T) {
	before := runtime.NumGoroutine()
	var dirs []string
	var runs []written
	for range 5 {
		w := newWritten(t)
		runs, dirs = append(runs, w), append(dirs, w.dir)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make([][]int, len(dirs))
	left := len(dirs)
	go func() {
		for n := 1; n <= 20; n++ {
			for _, w := range runs {
				w.append(line(t, epoch(n)))
			}
			time.Sleep(3 * time.Millisecond)
		}
		for _, w := range runs {
			w.append(line(t, &train.EndEvent{Stamp: train.Stamp{Type: "end", Epoch: 21}}))
		}
	}()
	Runs(ctx, dirs, Options{Every: 5 * time.Millisecond}, func(u Update) {
		got[u.Run] = append(got[u.Run], epochs(u.Events)...)
		if u.State == Ended {
			if left--; left == 0 {
				cancel()
			}
		}
	})
	for i, list := range got {
		if len(list) != 21 || !slices.IsSorted(list) {
			t.Errorf("run %d: %v", i, list)
		}
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

// tenThousand writes the events of a long run as it writes them: 10,000 epochs, and as
// many steps and bands as that makes.
func tenThousand(b *testing.B) written {
	w := newWritten(b)
	var text bytes.Buffer
	for n := 1; n <= 10000; n++ {
		text.Write(line(b, &train.StepEvent{Stamp: epoch(n).Stamp, Steps: 3910000, Loss: 0.123456789, Train: &measure.Score{Correct: 345, N: 499}, LearningRate: 0.0123, ImagesPerSecond: 998.7}))
		text.Write(line(b, epoch(n)))
		if n%100 == 0 {
			e := &train.BandsEvent{Stamp: epoch(n).Stamp, Split: "test", N: 1000, Normalize: "none", BN: "running"}
			r := bands.Result{Radii: []float64{4, 8, 12, 16}, Low: make([]measure.Score, 4), High: make([]measure.Score, 4)}
			e.Bands = bands.NewReport("", "", "test", bands.NormalizeNone, model.RunningStatistics, model.Smoothing{}, r).Bands
			text.Write(line(b, e))
		}
	}
	w.append(text.Bytes())
	return w
}

func BenchmarkOpen10000Epochs(b *testing.B) {
	w := tenThousand(b)
	for b.Loop() {
		u, err := Read(b.Context(), w.dir)
		if err != nil || len(u.Events) != 20100 {
			b.Fatalf("%d events, %v", len(u.Events), err)
		}
	}
}

// BenchmarkLook is what a look at a run costs that has nothing new; twenty are made a second.
func BenchmarkLook(b *testing.B) {
	w := newWritten(b)
	w.append(line(b, epoch(1)))
	f := newFollower(w.dir, Options{}.filled())
	for b.Loop() {
		f.look(start)
	}
}

// BenchmarkLatency reports how long an event takes from its being written to its being told.
func BenchmarkLatency(b *testing.B) {
	w := newWritten(b)
	told := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Runs(ctx, []string{w.dir}, Options{}, func(u Update) {
			if len(u.Events) > 0 {
				told <- time.Now()
			}
		})
	}()
	var worst time.Duration
	for i := 0; b.Loop(); i++ {
		time.Sleep(time.Duration(i*37%100) * time.Millisecond)
		written := time.Now()
		w.append(line(b, epoch(i+1)))
		worst = max(worst, (<-told).Sub(written))
	}
	cancel()
	<-done
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
}

func ExampleRead() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	text := `{"type":"epoch","epoch":1,"loss":2.3,"test":{"correct":123,"n":1000}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, train.EventsFile), []byte(text), 0o644); err != nil {
		panic(err)
	}
	run, err := Read(context.Background(), dir)
	if err != nil {
		panic(err)
	}
	for _, e := range run.Events {
		if e, ok := e.(*train.EpochEvent); ok {
			fmt.Println(e.Epoch, e.Loss, e.Test.Accuracy())
		}
	}
	// Output: 1 2.3 0.123
}

// Notes that a person writes during a run are followed like its events.
func TestFollowingNotes(t *testing.T) {
	l := newLooker(t)
	l.append(line(t, epoch(1)))
	l.sees("before", Running, false, 1)
	if _, err := train.SetNote(l.written.dir, train.Note{Step: 391, Text: "lower learning rate"}); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(notesPause)
	if u := l.sees("a note", Running, false); len(u.Notes) != 1 || u.Notes[0].Step != 391 {
		t.Errorf("%+v", u.Notes)
	}
	if err := os.WriteFile(filepath.Join(l.written.dir, train.NotesFile), []byte("nonsense"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(notesPause)
	if u, news, _ := l.look(l.now); u.Err == nil || !news {
		t.Errorf("%+v", u)
	}
}
