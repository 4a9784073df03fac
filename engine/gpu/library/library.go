// Package library finds shared libraries when the program runs and calls their C functions. No
// cgo and no library is needed to build or to start the program.
//
// On Linux a program with this package is dynamically linked and needs libc's loader. Built with
// -tags nogpu, and on platforms without a way to load libraries, the package has no library.
package library

import (
	"errors"
	"fmt"
)

// Library is a shared library, which stays loaded.
type Library struct {
	Name   string // under which it was found
	handle uintptr
}

// ErrUnsupported is the error of a program that was built without libraries.
var ErrUnsupported = errors.New("built without GPU support (-tags nogpu, or a platform without it)")

// Open loads the first library of names that is found. The error is that of the first name.
func Open(names ...string) (*Library, error) {
	var first error
	for _, name := range names {
		handle, err := open(name)
		if err == nil {
			return &Library{name, handle}, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// Symbol returns the address of a function.
func (l *Library) Symbol(name string) (uintptr, error) {
	address, err := symbol(l.handle, name)
	if err != nil {
		return 0, fmt.Errorf("%s has no function %s: %w", l.Name, name, err)
	}
	return address, nil
}
