//go:build nogpu || !(linux || darwin || windows) || !(amd64 || arm64)

package library

// Call panics: there is no function to call.
func Call(uintptr, ...uintptr) uintptr { panic(ErrUnsupported) }

func open(string) (uintptr, error) { return 0, ErrUnsupported }

func symbol(uintptr, string) (uintptr, error) { return 0, ErrUnsupported }
