package kit

import (
	"fmt"
	"os"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/term"
)

// Crash is a recovered panic that ends the program in order.
type Crash struct {
	Value any
	Stack []byte
}

// Error returns the panic in one line.
func (c Crash) Error() string { return "internal error: " + Clean(fmt.Sprint(c.Value)) }

// Report writes the stack to a file, after the terminal is restored, and returns an error that
// names it.
func (c Crash) Report() error {
	name, err := c.save()
	if err != nil {
		return c
	}
	return fmt.Errorf("%w (details in %s)", c, name)
}

func (c Crash) save() (string, error) {
	f, err := os.CreateTemp("", "hfcui-crash-*.txt")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, "%v\n\n%s", c.Value, c.Stack)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return f.Name(), err
}

// Recovered returns the Crash of a value of recover.
func Recovered(value any) Crash {
	switch c := value.(type) {
	case Crash:
		return c // from an inner goroutine, with its own stack
	case *term.Panic:
		return Crash{c.Value, c.Stack}
	}
	return Crash{value, debug.Stack()}
}

// Protect runs work; a panic in it becomes a Crash message, which ends the program.
func Protect(work func() tea.Msg) (msg tea.Msg) {
	defer func() {
		if r := recover(); r != nil {
			msg = Recovered(r)
		}
	}()
	return work()
}

// Task returns a command that runs work with Protect.
func Task(work func() tea.Msg) tea.Cmd {
	return func() tea.Msg { return Protect(work) }
}

// Together runs functions concurrently and waits for all. A panic in one is re-raised in the
// caller, which can recover it.
func Together(work ...func()) {
	failed := make(chan any, len(work))
	for _, f := range work {
		go func() {
			defer func() {
				r := recover()
				if r != nil {
					r = Recovered(r)
				}
				failed <- r
			}()
			f()
		}()
	}
	var first any
	for range work {
		if r := <-failed; r != nil && first == nil {
			first = r
		}
	}
	if first != nil {
		panic(first)
	}
}
