package term

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// giounimap asks the console for its map from Unicode to the font (ioctl_console(2), GIO_UNIMAP).
const giounimap = 0x4b66

// consoleGlyphs returns the characters that the font of a Linux console has; nil if f is none.
func consoleGlyphs(f *os.File) []uint16 {
	type pair [2]uint16 // the character, its position in the font
	pairs := make([]pair, 1<<16-1)
	request := struct {
		count uint16
		pairs *pair
	}{uint16(len(pairs)), &pairs[0]}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), giounimap, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return nil
	}
	list := make([]uint16, 0, request.count)
	for _, p := range pairs[:request.count] {
		list = append(list, p[0])
	}
	return list
}
