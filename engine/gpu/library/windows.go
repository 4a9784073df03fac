//go:build !nogpu && windows && (amd64 || arm64)

package library

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// open looks in the system's folder only, where drivers are installed: never in the current one.
func open(name string) (uintptr, error) {
	handle, err := windows.LoadLibraryEx(name, 0, windows.LOAD_LIBRARY_SEARCH_SYSTEM32)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return uintptr(handle), nil
}

func symbol(handle uintptr, name string) (uintptr, error) {
	return windows.GetProcAddress(windows.Handle(handle), name)
}
