package follow

import (
	"bytes"
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"hfcui/engine/train"
)

// State is the apparent state of a run.
type State int

// The states of a run.
const (
	Waiting State = iota // no events yet
	Running
	Paused // its last event says so
	Silent // no event for long: its process may have died
	Ended  // its last event says so
)

// String returns "waiting", "running", "paused", "silent" or "ended".
func (s State) String() string {
	return [...]string{"waiting", "running", "paused", "silent", "ended"}[s]
}

// Update is an update of a run.
type Update struct {
	Run int // index of its folder
	// Begun is set if earlier events are obsolete, since the run restarted, or resumed from a
	// checkpoint before some of them. Events then has all events.
	Begun  bool
	Events []train.Event
	Config *train.Config // the run's, once known
	// Skipped is the number of invalid lines since the start, without a partial last line, which
	// may still be completed.
	Skipped int
	Notes   []train.Note // all of the run's, by step
	State   State
	Quiet   time.Duration // time since the last event if State is Silent
	Err     error         // if the folder currently cannot be read
}

// Options configure how runs are followed; zero values are defaults.
type Options struct {
	Every time.Duration // polling interval; 50 ms
	// Silence is the time without events after which a run counts as silent; 30 s, but at least
	// three times the longest interval between the run's events.
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

// Runs follows the runs in folders, which need not exist yet, until ctx ends, and returns when all
// its goroutines have. It calls update, never concurrently, first with the existing events, then
// with new ones.
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
				case news: // more may follow immediately
					rest(ctx, o.Every*2/3)
				default:
					rest(ctx, o.Every)
				}
			}
		})
	}
	all.Wait()
}

// rest waits for the next polling time. Followers with the same interval share these, so that the
// machine wakes once for all.
func rest(ctx context.Context, every time.Duration) {
	wake := time.NewTimer(every - time.Duration(time.Now().UnixNano())%every)
	defer wake.Stop()
	select {
	case <-ctx.Done():
	case <-wake.C:
	}
}

// Read returns the current state of the run in a folder.
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
	notes   notes
	skipped int
	last    train.Event
	heard   time.Time     // time of the last event
	longest time.Duration // interval between events, by their own clock
	told    Update        // before
	first   bool
}

func newFollower(dir string, o Options) *follower {
	return &follower{dir: dir, options: o, tail: tail{path: filepath.Join(dir, train.EventsFile)}, first: true}
}

// look returns what is new, if anything, and whether there is more to read.
func (f *follower) look(now time.Time) (u Update, news, more bool) {
	lines, begun, more, err := f.tail.next()
	u.Begun, u.Err = begun, err
	if begun {
		f.config, f.skipped, f.last, f.longest = nil, 0, nil, 0
	}
	if len(lines) > 0 {
		decoding <- struct{}{}
		u.Events = f.decode(lines)
		<-decoding
	}
	if len(u.Events) > 0 {
		f.hear(u.Events, now)
	}
	if f.config == nil && (len(u.Events) > 0 || f.first) {
		if c, err := train.ReadConfig(f.dir); err == nil {
			f.config = &c
		}
	}
	noted := f.notes.look(f.dir, now)
	u.Config, u.Skipped, u.Notes = f.config, f.skipped, f.notes.list
	if u.Err == nil {
		u.Err = f.notes.err
	}
	u.State, u.Quiet = f.state(now)
	news = f.first || begun || noted || len(u.Events) > 0 || u.Skipped != f.told.Skipped || u.State != f.told.State || u.Config != f.told.Config ||
		(u.Err == nil) != (f.told.Err == nil)
	f.first, f.told = false, u
	f.told.Events = nil
	return u, news, more
}

// decoding limits how many followers decode events at a time, so that the long files of many runs leave
// a core to the rest of the program.
var decoding = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))

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

// hear updates the follower's state by new events.
func (f *follower) hear(events []train.Event, now time.Time) {
	for _, e := range events {
		if f.last != nil && !interrupted(f.last, e) {
			f.longest = max(f.longest, e.At().Time.Sub(f.last.At().Time))
		}
		f.last = e
	}
	if f.heard.IsZero() { // they may be old
		if at := f.last.At().Time; at.Before(now) {
			now = at
		}
	}
	f.heard = now
}

// interrupted reports whether a run was interrupted between two events.
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
