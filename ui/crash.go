package ui

import (
	"fmt"
	"os"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/term"
)

// crash is a panic caught somewhere in the program, on its way to ending it in order.
type crash struct {
	value any
	stack []byte
}

// Error tells what went wrong in one line.
func (c crash) Error() string { return "internal error: " + clean(fmt.Sprint(c.value)) }

// report leaves the stack in a file, once the terminal is the shell's again, and names it.
func (c crash) report() error {
	name, err := c.save()
	if err != nil {
		return c
	}
	return fmt.Errorf("%w (details in %s)", c, name)
}

func (c crash) save() (string, error) {
	f, err := os.CreateTemp("", "hfcui-crash-*.txt")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, "%v\n\n%s", c.value, c.stack)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return f.Name(), err
}

// recovered makes a crash of what recover returned.
func recovered(value any) crash {
	switch c := value.(type) {
	case crash:
		return c // from a goroutine further in, with its own stack
	case *term.Panic:
		return crash{c.Value, c.Stack}
	}
	return crash{value, debug.Stack()}
}

// protect runs work; a panic in it becomes a crash message, which ends the program.
func protect(work func() tea.Msg) (msg tea.Msg) {
	defer func() {
		if r := recover(); r != nil {
			msg = recovered(r)
		}
	}()
	return work()
}

// task makes a command of work that may fail badly.
func task(work func() tea.Msg) tea.Cmd {
	return func() tea.Msg { return protect(work) }
}

// together runs pieces of work at the same time and waits for all. A panic in one of them
// is raised again here, where someone catches it.
func together(work ...func()) {
	failed := make(chan any, len(work))
	for _, f := range work {
		go func() {
			defer func() {
				r := recover()
				if r != nil {
					r = recovered(r)
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
