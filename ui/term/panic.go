package term

import (
	"fmt"
	"runtime/debug"
)

// Panic is the error that a panic while reading or writing becomes. Bubble Tea reads and
// writes in goroutines that do not recover: the process would end at once and leave the
// terminal in raw mode.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprint("panic: ", p.Value) }

// recovered wraps the value that recover returned.
func recovered(value any) *Panic {
	if p, ok := value.(*Panic); ok { // of another goroutine
		return p
	}
	return &Panic{value, debug.Stack()}
}

// recoverAsError is deferred: it turns a panic into an error.
func recoverAsError(err *error) {
	if r := recover(); r != nil {
		*err = recovered(r)
	}
}
