//go:build !linux

package term

import "os"

// consoleGlyphs is for Linux only.
func consoleGlyphs(*os.File) []uint16 { return nil }
