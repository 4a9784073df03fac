package kit

import (
	"fmt"
	"os"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/term"
)

// Crash is a panic caught somewhere in the program, on its way to ending it in order.
type Crash struct {
	Value any
	Stack []byte
}

// Error tells what went wrong in one line.
func (c Crash) Error() string { return "internal error: " + Clean(fmt.Sprint(c.Value)) }

// Report leaves the stack in a file, once the terminal is the shell's again, and names it.
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

// Recovered makes a crash of what recover returned.
func Recovered(value any) Crash {
	switch c := value.(type) {
	case Crash:
		return c // from a goroutine further in, with its own stack
	case *term.Panic:
		return Crash{c.Value, c.Stack}
	}
	return Crash{value, debug.Stack()}
}

// Protect runs work; a panic in it becomes a crash message, which ends the program.
func Protect(work func() tea.Msg) (msg tea.Msg) {
	defer func() {
		if r := recover(); r != nil {
			msg = Recovered(r)
		}
	}()
	return work()
}

// Task makes a command of work that may fail badly.
func Task(work func() tea.Msg) tea.Cmd {
	return func() tea.Msg { return Protect(work) }
}

// Together runs pieces of work at the same time and waits for all. A panic in one of them
// is raised again here, where someone catches it.
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
