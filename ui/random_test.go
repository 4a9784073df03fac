package ui

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/term"
	"hfcui/ui/uitest"
)

var (
	randomSeed  = flag.Uint64("seed", 0, "seed of the first sequence of random input; 0: several fixed ones")
	randomSteps = flag.Int("steps", 400, "events per sequence of random input")
)

// An event may take this long to be handled and drawn: of computing, which does not depend on what
// else the machine does, and in all, which includes whatever Update or View waits for.
const (
	mostComputing = 100 * time.Millisecond
	mostWaiting   = time.Second
)

// TestRandomInput sends random keys, mouse events, pastes and sizes to every page and dialog. The
// program must neither panic, draw beyond the terminal, nor block. A failure names its seed:
// go test ./ui -run RandomInput -seed N.
func TestRandomInput(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4}
	if *randomSeed != 0 {
		seeds = []uint64{*randomSeed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			slow := randomInput(t, seed)
			// A busy machine delays an event at random; what blocks does so each time.
			for repeat := 0; repeat < 3 && len(slow) > 0; repeat++ {
				again := randomInput(t, seed)
				for step := range slow {
					if _, twice := again[step]; !twice {
						delete(slow, step)
					}
				}
			}
			for step, what := range slow {
				t.Errorf("seed %d, step %d: %s", seed, step, what)
			}
		})
	}
}

// randomInput runs a sequence and returns the steps that took too long.
func randomInput(t *testing.T, seed uint64) map[int]string {
	t.Helper()
	t.Chdir(t.TempDir()) // exports go to whatever folder is typed
	rng := rand.New(rand.NewPCG(seed, 0))
	d := startWith(t, uitest.NewFakeLab(), Options{
		Training: trainingOf(uitest.NewFakeTraining()), Reproducing: reproducingOf(&uitest.FakeReproducing{}),
		Experiments: t.TempDir(),
	}, 140, 44)
	loop := newLoop(d.App)
	defer loop.end()
	loop.send(capabilitiesMsg{term.Capabilities{CellW: 9, CellH: 18, Dark: rng.IntN(2) == 0, Complete: true, Sixel: rng.IntN(2) == 0}})
	slow := map[int]string{}
	var last []string
	w, h := 140, 44
	for step := range *randomSteps {
		msg := randomEvent(rng, &w, &h)
		last = append(last, fmt.Sprintf("%T %v", msg, msg))
		late := loop.send(msg)
		d.Fits(w, h)
		if t.Failed() || d.App.err != nil {
			t.Fatalf("seed %d, step %d, page %d: %v\nafter %s", seed, step, d.App.page, d.App.err, strings.Join(last[max(0, len(last)-10):], "\n"))
		}
		if late = cmp.Or(late, loop.settle()); late != "" {
			slow[step] = last[len(last)-1] + ": " + late
		}
	}
	return slow
}

// loop runs commands in the background, as Bubble Tea does.
type loop struct {
	app     *App
	arrived chan tea.Msg
	running sync.WaitGroup
}

func newLoop(a *App) *loop { return &loop{app: a, arrived: make(chan tea.Msg, 1000)} }

// send handles a message and draws, and returns how long that took if it was too long.
func (l *loop) send(msg tea.Msg) (late string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began, computed := time.Now(), threadTime()
	_, cmd := l.app.Update(msg)
	l.app.View()
	took, computing := time.Since(began), threadTime()-computed
	if computing > mostComputing || took > mostWaiting {
		late = fmt.Sprintf("%v, %v of them computing, for %T", took, computing, msg)
	}
	l.start(cmd)
	return late
}

func (l *loop) start(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	l.running.Go(func() {
		select {
		case l.arrived <- cmd():
		case <-l.app.ctx.Done():
		}
	})
}

// settle handles what has arrived by now, and returns what took too long.
func (l *loop) settle() (late string) {
	for {
		select {
		case msg := <-l.arrived:
			if batch, ok := msg.(tea.BatchMsg); ok {
				for _, cmd := range batch {
					l.start(cmd)
				}
			} else if msg != nil {
				late = cmp.Or(l.send(msg), late)
			}
		default:
			return late
		}
	}
}

// end ends the program and waits for its commands.
func (l *loop) end() {
	l.app.cancel()
	go func() { l.running.Wait(); close(l.arrived) }()
	for range l.arrived { // what still arrives is dropped
	}
}

// randomEvent is a key that is bound somewhere or any other, a mouse event, a paste or a size.
func randomEvent(rng *rand.Rand, w, h *int) tea.Msg {
	at := func() tea.Mouse {
		return tea.Mouse{X: rng.IntN(*w+2) - 1, Y: rng.IntN(*h+2) - 1, Button: []tea.MouseButton{tea.MouseLeft, tea.MouseRight, tea.MouseMiddle, tea.MouseWheelUp, tea.MouseWheelDown}[rng.IntN(5)]}
	}
	switch p := rng.IntN(100); {
	case p < 70:
		return uitest.KeyPress(randomKey(rng))
	case p < 78:
		return tea.MouseClickMsg(at())
	case p < 84:
		return tea.MouseMotionMsg(at())
	case p < 86:
		return tea.MouseReleaseMsg(at())
	case p < 92:
		return tea.MouseWheelMsg(at())
	case p < 95:
		return tea.PasteMsg{Content: []string{"0.5", "demo", "../", strings.Repeat("x", 3000), "a\x1b[31m\nb\x00", "日本語"}[rng.IntN(6)]}
	}
	sizes := append([][2]int{{1, 1}, {20, 5}, {60, 70}, {rng.IntN(250) + 1, rng.IntN(90) + 1}}, uitest.Sizes...)
	size := sizes[rng.IntN(len(sizes))]
	*w, *h = size[0], size[1]
	return tea.WindowSizeMsg{Width: *w, Height: *h}
}

// randomKey is never one that ends or suspends the program.
func randomKey(rng *rand.Rand) string {
	var keys []string
	for _, action := range kit.Actions() {
		keys = append(keys, action.Keys...)
	}
	keys = append(keys, "enter", "esc", "esc", "tab", "up", "down", "space", "backspace", "x", "é", "7", "ctrl+u", "ctrl+a")
	for {
		switch key := keys[rng.IntN(len(keys))]; key {
		case "q", "ctrl+c", "ctrl+z":
		default:
			return key
		}
	}
}
