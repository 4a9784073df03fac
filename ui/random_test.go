package ui

import (
	"flag"
	"fmt"
	"math/rand/v2"
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

// slowest is the longest that an event may take to be handled and drawn.
const slowest = 100 * time.Millisecond

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

// randomInput runs a sequence and returns the steps that took longer than slowest.
func randomInput(t *testing.T, seed uint64) map[int]string {
	t.Helper()
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
		took := loop.send(msg)
		d.Fits(w, h)
		if t.Failed() || d.App.err != nil {
			t.Fatalf("seed %d, step %d, page %d: %v\nafter %s", seed, step, d.App.page, d.App.err, strings.Join(last[max(0, len(last)-10):], "\n"))
		}
		if took = max(took, loop.settle()); took > slowest {
			slow[step] = fmt.Sprintf("%v for %s", took, last[len(last)-1])
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

// send handles a message and draws, and returns how long that took.
func (l *loop) send(msg tea.Msg) time.Duration {
	began := time.Now()
	_, cmd := l.app.Update(msg)
	l.app.View()
	took := time.Since(began)
	l.start(cmd)
	return took
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

// settle handles what has arrived by now, and returns how long the slowest message took.
func (l *loop) settle() (slow time.Duration) {
	for {
		select {
		case msg := <-l.arrived:
			if batch, ok := msg.(tea.BatchMsg); ok {
				for _, cmd := range batch {
					l.start(cmd)
				}
			} else if msg != nil {
				slow = max(slow, l.send(msg))
			}
		default:
			return slow
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
