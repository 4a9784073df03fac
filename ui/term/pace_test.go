package term

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slowLink is a terminal behind a link of some bytes per second and a delay in each direction. It
// answers DA1.
type slowLink struct {
	probe *Probe
	rate  float64
	delay time.Duration
	mute  bool // it answers nothing

	mu    sync.Mutex
	free  time.Time
	parts []arrival
}

// arrival is what was written at once, and when it has arrived.
type arrival struct {
	text string
	at   time.Time
}

func (s *slowLink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = later(s.free, time.Now()).Add(time.Duration(float64(len(b)) / s.rate * 1e9))
	s.parts = append(s.parts, arrival{string(b), s.free.Add(s.delay)})
	for range strings.Count(string(b), queryDA1) {
		if !s.mute {
			time.AfterFunc(time.Until(s.free)+2*s.delay, func() { s.probe.take([]byte("\x1b[?62;4c")) })
		}
	}
	return len(b), nil
}

// arrived returns when a text has arrived for the first time, as the time since another, and whether
// it has.
func (s *slowLink) arrived(text string, since time.Time) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if strings.Contains(p.text, text) {
			return p.at.Sub(since), true
		}
	}
	return 0, false
}

// done returns when the last byte has arrived, and whether it ends a picture.
func (s *slowLink) done(since time.Time) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parts[len(s.parts)-1]
	return p.at.Sub(since), strings.HasSuffix(p.text, "\x1b\\\x1b8"+queryDA1)
}

func (s *slowLink) written() (all string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		all += p.text
	}
	return all
}

// sixels is a picture of some bytes that may be cut, with a preview. Its bands are of a letter.
func sixels(id uint64, letter string, size int) Picture {
	const head = "\x1bP0;1;0q"
	p := Picture{ID: id, X: 2, Y: 2, Cols: 4, Rows: 4, Preview: []byte(head + "preview" + letter + "\x1b\\")}
	p.Cuts = Cuts{Head: len(head), Skip: "-", End: "\x1b\\"}
	b := []byte(head)
	for len(b) < size {
		b = append(append(b, strings.Repeat(letter, 500)...), '-')
		p.Cuts.At = append(p.Cuts.At, len(b))
	}
	p.Data = append(b, "\x1b\\"...)
	return p
}

// paced runs a layer whose terminal is behind a link of 1 Mbit/s and 100 ms, once its rate is known.
func paced(t *testing.T, mute bool, use func(l *Layer, s *slowLink, frame func(text string, pics ...Picture))) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowLink{probe: NewProbe(nil), rate: 125_000, delay: 50 * time.Millisecond}
		l := New(s)
		l.Resize(80, 24)
		l.Pace(s.probe)
		l.Configure(Capabilities{Sixel: true, Complete: true})
		frame := func(text string, pics ...Picture) {
			if _, err := l.Write([]byte(l.Place(pics, false) + text)); err != nil {
				t.Error(err)
			}
		}
		l.Write([]byte("\x1b[?1049h"))
		time.Sleep(time.Second)
		for i := range uint64(3) {
			frame("", sixels(900+i, "z", 12_000))
			time.Sleep(time.Second)
		}
		s.mu.Lock()
		s.mute = mute
		s.mu.Unlock()
		use(l, s, frame)
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := l.Restore(); err != nil {
			t.Error(err)
		}
	})
}

// Text does not wait for a picture, which goes on after it and is complete in the end.
func TestTextGoesBetweenThePiecesOfAPicture(t *testing.T) {
	paced(t, false, func(l *Layer, s *slowLink, frame func(string, ...Picture)) {
		p := sixels(1, "a", 60_000)
		frame("", p)
		time.Sleep(500 * time.Millisecond) // the preview has been shown, the picture is on its way
		for _, text := range []string{"first", "second"} {
			now := time.Now()
			frame(text, p)
			time.Sleep(80 * time.Millisecond)
			if d, ok := s.arrived(text, now); !ok || d > 100*time.Millisecond {
				t.Errorf("text arrived after %v, %v", d, ok)
			}
		}
		time.Sleep(time.Second)
		all := s.written()
		if got := strings.Count(all, strings.Repeat("a", 500)); got != len(p.Cuts.At) {
			t.Errorf("%d bands were written, want each of %d once", got, len(p.Cuts.At))
		}
		if strings.Contains(all, "afirst") || !strings.Contains(all, "\x1b\\\x1b8first") {
			t.Error("text was written into the picture")
		}
	})
}

// Previews are shown at once, and sharpened when nothing has changed for a while.
func TestPreviewsComeFirst(t *testing.T) {
	paced(t, false, func(l *Layer, s *slowLink, frame func(string, ...Picture)) {
		now := time.Now()
		frame("", sixels(1, "a", 60_000))
		time.Sleep(3 * time.Second)
		preview, _ := s.arrived("previewa", now)
		last, done := s.done(now)
		if preview > 100*time.Millisecond || !done || last < preview || last > time.Second || strings.Count(s.written(), strings.Repeat("a", 500)) != 120 {
			t.Errorf("preview after %v, picture after %v", preview, last)
		}
	})
}

// While a key is held only previews are shown, each once its predecessor has been; of what is
// superseded meanwhile nothing is written, and in the end the last picture is shown in full.
func TestTheNewestPictureWins(t *testing.T) {
	paced(t, false, func(l *Layer, s *slowLink, frame func(string, ...Picture)) {
		letters := "abcdefghijklmnopqrstuvwxyABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		for i, c := range letters {
			l.Acted()
			frame("", sixels(uint64(i+1), string(c), 60_000))
			time.Sleep(33 * time.Millisecond)
		}
		now := time.Now()
		time.Sleep(3 * time.Second)
		all := s.written()
		if n := strings.Count(all, "preview") - 3; n < 5 || n > 30 {
			t.Errorf("%d previews while a key was held for 2 s", n)
		}
		for _, c := range letters[:len(letters)-1] {
			if strings.Contains(all, strings.Repeat(string(c), 500)) {
				t.Errorf("the picture of %c was written in full", c)
			}
		}
		if d, done := s.done(now); !done || d > 900*time.Millisecond {
			t.Errorf("the last picture came after %v, %v", d, done)
		}
	})
}

// A terminal that does not answer any more gets ever fewer pictures, not all of them, and hangs
// nothing.
func TestAnswersThatDoNotCome(t *testing.T) {
	paced(t, true, func(l *Layer, s *slowLink, frame func(string, ...Picture)) {
		before := len(s.written())
		for i := range 100 {
			frame("", sixels(uint64(i+1), "a", 60_000))
			time.Sleep(100 * time.Millisecond)
		}
		sent := len(s.written()) - before
		if sent > 400_000 || sent == 0 {
			t.Errorf("%d bytes in 10 s without an answer", sent)
		}
	})
}

// A terminal that has never answered a fence is written to as if there were none, after a while.
func TestFencesThatAreNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := New(&b)
		l.Pace(NewProbe(nil))
		l.Configure(Capabilities{Sixel: true, Complete: true})
		l.Write([]byte("\x1b[?1049h"))
		for i := range uint64(10) {
			l.Write([]byte(l.Place([]Picture{sixels(i+1, "a", 60_000)}, false)))
			time.Sleep(5 * time.Second)
		}
		synctest.Wait()
		if l.pace.paced() || strings.Count(b.String(), "a-\x1b\\") < 8 {
			t.Errorf("paced: %v, pictures: %d", l.pace.paced(), strings.Count(b.String(), "a-\x1b\\"))
		}
		l.Restore()
	})
}

// The rate of a link is known within a quarter, be it slow or fast.
func TestMeasuredRates(t *testing.T) {
	for _, rate := range []float64{30e3, 125e3, 1.25e6, 20e6} {
		synctest.Test(t, func(t *testing.T) {
			s := &slowLink{probe: NewProbe(nil), rate: rate, delay: 20 * time.Millisecond}
			l := New(s)
			l.Pace(s.probe)
			l.Configure(Capabilities{Sixel: true, Complete: true})
			l.Write([]byte("\x1b[?1049h"))
			time.Sleep(time.Second)
			for i := range uint64(12) {
				l.Write([]byte(l.Place([]Picture{sixels(i+1, "a", 60_000)}, false)))
				time.Sleep(4 * time.Second)
			}
			l.mu.Lock()
			got := l.pace.rate
			l.mu.Unlock()
			if got < 0.75*rate || got > 1.3*rate {
				t.Errorf("%.0f bytes/s measured of %.0f", got, rate)
			}
			if slow := l.Slow(); slow != (rate < 2e6) {
				t.Errorf("slow: %v at %.0f bytes/s", slow, rate)
			}
			l.Restore()
		})
	}
}
