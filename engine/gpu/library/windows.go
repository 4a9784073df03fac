//go:build !nogpu && windows && (amd64 || arm64)

package library

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// open looks in the system's folder only, where drivers are installed, or for a file by its absolute
// path, with what it needs beside it: never in the current folder.
func open(name string) (uintptr, error) {
	var flags uintptr = windows.LOAD_LIBRARY_SEARCH_SYSTEM32
	if filepath.IsAbs(name) {
		flags |= windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR
	}
	handle, err := windows.LoadLibraryEx(name, 0, flags)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return uintptr(handle), nil
}

func symbol(handle uintptr, name string) (uintptr, error) {
	return windows.GetProcAddress(windows.Handle(handle), name)
}
