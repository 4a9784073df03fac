package follow

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"time"

	"hfcui/engine/train"
)

// State is how a run seems to be.
type State int

// The states of a run.
const (
	Waiting State = iota // there is no event yet
	Running
	Paused // its last event says so
	Silent // no event came for long: its process may have died
	Ended  // its last event says so
)

// String returns "waiting", "running", "paused", "silent" or "ended".
func (s State) String() string {
	return [...]string{"waiting", "running", "paused", "silent", "ended"}[s]
}

// Update is news of one run.
type Update struct {
	Run int // its place among the folders followed
	// Begun tells to forget the events before: the run was begun anew, or was taken up
	// from a checkpoint that lies before some of them. Events are all from the start on.
	Begun  bool
	Events []train.Event
	Config *train.Config // the run's, once it is known
	// Skipped is how many lines were no events, since the start. A torn last line, which
	// may be completed yet, does not count.
	Skipped int
	State   State
	Quiet   time.Duration // how long no event has come, where State is Silent
	Err     error         // why the folder cannot be read at the moment; nil when it can
}

// Options are how runs are followed; zero values are the usual.
type Options struct {
	Every time.Duration // between looks at a folder; 50 ms
	// Silence is how long nothing comes before a run counts as silent; 30 s. It is never
	// less than three times the longest pause between the run's events.
	Silence time.Duration
}

func (o Options) filled() Options {
	if o.Every <= 0 {
		o.Every = 50 * time.Millisecond
	}
	if o.Silence <= 0 {
		o.Silence = 30 * time.Second
	}
	return o
}

// Runs follows the runs in folders, which need not be there yet, until ctx ends, and
// returns when all its goroutines have. It calls update first with what is there, then
// whenever there are news, with one update at a time.
func Runs(ctx context.Context, dirs []string, o Options, update func(Update)) {
	o = o.filled()
	var one sync.Mutex
	var all sync.WaitGroup
	for i, dir := range dirs {
		all.Go(func() {
			f := newFollower(dir, o)
			for ctx.Err() == nil {
				u, news, more := f.look(time.Now())
				if news {
					u.Run = i
					one.Lock()
					update(u)
					one.Unlock()
				}
				switch {
				case more:
				case news: // more may come at once: it is seen as it comes
					rest(ctx, o.Every*2/3)
				default:
					rest(ctx, o.Every)
				}
			}
		})
	}
	all.Wait()
}

// rest waits for the next moment at which folders are looked at. All that are looked at as
// often have the same ones: the machine is woken once for many.
func rest(ctx context.Context, every time.Duration) {
	wake := time.NewTimer(every - time.Duration(time.Now().UnixNano())%every)
	defer wake.Stop()
	select {
	case <-ctx.Done():
	case <-wake.C:
	}
}

// Read gives everything there is of the run in a folder now.
func Read(ctx context.Context, dir string) (Update, error) {
	f := newFollower(dir, Options{}.filled())
	var sum Update
	for {
		u, _, more := f.look(time.Now())
		if u.Err != nil {
			return sum, u.Err
		}
		if u.Begun {
			sum.Events = nil
		}
		u.Events = append(sum.Events, u.Events...)
		if sum = u; !more {
			return sum, ctx.Err()
		}
		if err := ctx.Err(); err != nil {
			return sum, err
		}
	}
}

// follower follows one run.
type follower struct {
	dir     string
	options Options
	tail    tail

	config  *train.Config
	skipped int
	last    train.Event
	heard   time.Time     // when the last event came
	longest time.Duration // pause between events, by their own clock
	told    Update        // before
	first   bool
}

func newFollower(dir string, o Options) *follower {
	return &follower{dir: dir, options: o, tail: tail{path: filepath.Join(dir, train.EventsFile)}, first: true}
}

// look gives what is new, if anything is, and whether there is more to be read at once.
func (f *follower) look(now time.Time) (u Update, news, more bool) {
	lines, begun, more, err := f.tail.next()
	u.Begun, u.Err = begun, err
	if begun {
		f.config, f.skipped, f.last, f.longest = nil, 0, nil, 0
	}
	u.Events = f.decode(lines)
	if len(u.Events) > 0 {
		f.hear(u.Events, now)
	}
	if f.config == nil && (len(u.Events) > 0 || f.first) {
		if c, err := train.ReadConfig(f.dir); err == nil {
			f.config = &c
		}
	}
	u.Config, u.Skipped = f.config, f.skipped
	u.State, u.Quiet = f.state(now)
	news = f.first || begun || len(u.Events) > 0 || u.Skipped != f.told.Skipped || u.State != f.told.State || u.Config != f.told.Config ||
		(u.Err == nil) != (f.told.Err == nil)
	f.first, f.told = false, u
	f.told.Events = nil
	return u, news, more
}

func (f *follower) decode(lines []byte) (events []train.Event) {
	if len(lines) == 0 {
		return nil
	}
	events = make([]train.Event, 0, bytes.Count(lines, []byte("\n"))+1)
	for line := range bytes.Lines(lines) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		e, err := train.Decode(line)
		if err != nil {
			f.skipped++
			continue
		}
		events = append(events, e)
	}
	return events
}

// hear keeps what is to be known of events that came.
func (f *follower) hear(events []train.Event, now time.Time) {
	for _, e := range events {
		if f.last != nil && !interrupted(f.last, e) {
			f.longest = max(f.longest, e.At().Time.Sub(f.last.At().Time))
		}
		f.last = e
	}
	if f.heard.IsZero() { // they may have come long ago
		if at := f.last.At().Time; at.Before(now) {
			now = at
		}
	}
	f.heard = now
}

// interrupted tells that a run stood still between two events.
func interrupted(before, after train.Event) bool {
	_, paused := before.(*train.PauseEvent)
	c, kept := after.(*train.CheckpointEvent)
	return paused || kept && c.Resumed
}

func (f *follower) state(now time.Time) (State, time.Duration) {
	if f.last == nil {
		return Waiting, 0
	}
	switch f.last.(type) {
	case *train.EndEvent:
		return Ended, 0
	case *train.PauseEvent:
		return Paused, 0
	}
	if quiet := now.Sub(f.heard); quiet > max(f.options.Silence, 3*f.longest) {
		return Silent, quiet
	}
	return Running, 0
}
