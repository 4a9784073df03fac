//go:build !unix

package main

import "os"

// closed tells whether a standard file was closed when the program began.
func closed(f *os.File) bool {
	_, err := f.Stat()
	return err != nil
}
