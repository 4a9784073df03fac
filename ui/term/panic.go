package term

import (
	"fmt"
	"runtime/debug"
)

// Panic is a panic of a reader, a writer or the code between, as the error that it becomes.
// Bubble Tea reads and writes in goroutines that catch none: the process would end at once,
// and leave the terminal as it is.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprint("panic: ", p.Value) }

// caught makes a Panic of what recover returned.
func caught(value any) *Panic { return &Panic{value, debug.Stack()} }

// catch is deferred: it makes an error of a panic.
func catch(err *error) {
	if r := recover(); r != nil {
		*err = caught(r)
	}
}
