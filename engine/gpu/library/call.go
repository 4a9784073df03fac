//go:build !nogpu && (linux || darwin || windows) && (amd64 || arm64)

package library

import "github.com/ebitengine/purego"

// Call calls a C function of integers and addresses and returns its result. Pointers are
// converted in the call's argument list, as in syscall.Syscall: they then stay valid until the
// function returns, and not longer.
//
//go:uintptrescapes
func Call(function uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(function, args...)
	return r
}
