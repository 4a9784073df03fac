package picture

import (
	"encoding/base64"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/charmbracelet/x/ansi/kitty"
)

// kittyIDs numbers Kitty pictures. The counter is shared by the process so that no two
// encoders use the same number, and starts at random so that two programs in one terminal
// (tmux panes) hardly ever do.
var kittyIDs = func() *atomic.Uint32 {
	n := new(atomic.Uint32)
	n.Store(rand.Uint32N(kittyRange))
	return n
}()

// kittyRange is how many numbers there are: 1 to 255 for the low byte, which is the cells'
// foreground color, times 256 for the high byte, which is a diacritic. Unlike 24-bit colors,
// 8-bit ones survive a renderer that reduces colors to 256.
const kittyRange = 255 * 256

func nextKittyID() (low, high uint32) {
	n := kittyIDs.Add(1) % kittyRange
	return n%255 + 1, n / 255
}

// kitty transmits a picture and returns the placeholder text that displays it (Kitty graphics
// protocol, "Unicode placeholders"): cells of U+10EEEE whose diacritics encode row, column and
// the high byte of the picture's number. To everything in between the picture is text: it
// moves, is covered and is erased with its cells. See
// https://sw.kovidgoyal.net/kitty/graphics-protocol/.
func (e *Encoder) kitty(img *Image, cols, rows int) Drawn {
	low, high := nextKittyID()
	id := strconv.FormatUint(uint64(high)<<24|uint64(low), 10)
	// a=T,U=1: store it and create a virtual placement. q=2: no replies.
	head := "q=2,a=T,U=1,f=100,i=" + id +
		",c=" + strconv.Itoa(cols) + ",r=" + strconv.Itoa(rows) + ","
	return Drawn{
		Lines:  placeholders(low, high, cols, rows),
		Data:   kittyChunks(head, e.file(img)),
		Remove: []byte("\x1b_Gq=2,a=d,d=I,i=" + id + "\x1b\\"),
	}
}

// kittyDirect transmits a picture and places it at the cursor, which it does not move (C=1). The
// picture lies above the text of its cells until it is deleted.
func (e *Encoder) kittyDirect(img *Image, cols, rows int) Drawn {
	low, high := nextKittyID()
	id := strconv.FormatUint(uint64(high)<<24|uint64(low), 10)
	head := "q=2,a=T,C=1,f=100,i=" + id +
		",c=" + strconv.Itoa(cols) + ",r=" + strconv.Itoa(rows) + ","
	d := Drawn{
		Data:  kittyChunks(head, e.file(img)),
		Erase: []byte("\x1b_Gq=2,a=d,d=I,i=" + id + "\x1b\\"),
	}
	if e.Previews && len(d.Data) > previewBytes {
		d.Preview = kittyChunks(head, e.file(e.smaller(img)))
	}
	return d
}

// kittyChunks splits data into escape sequences of at most 4096 base64 characters.
func kittyChunks(head string, data []byte) []byte {
	const chunk = 4096 / 4 * 3
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(data))+32*(len(data)/chunk+1)+len(head))
	for first := true; first || len(data) > 0; first = false {
		n := min(chunk, len(data))
		out = append(out, "\x1b_G"...)
		if first {
			out = append(out, head...)
		} else {
			out = append(out, "q=2,"...)
		}
		if n < len(data) {
			out = append(out, "m=1;"...)
		} else {
			out = append(out, "m=0;"...)
		}
		out = base64.StdEncoding.AppendEncode(out, data[:n])
		out = append(out, "\x1b\\"...)
		data = data[n:]
	}
	return out
}

// placeholders returns the cells that display picture high<<24|low. Every cell encodes its row
// and column, so that a renderer may rewrite any of them alone.
func placeholders(low, high uint32, cols, rows int) []string {
	lines := make([]string, rows)
	color := "\x1b[38;5;" + strconv.Itoa(int(low)) + "m"
	top := string(kitty.Diacritic(int(high)))
	var buf []byte
	for y := range lines {
		row := string(kitty.Diacritic(y))
		buf = append(buf[:0], color...)
		for x := range cols {
			buf = append(buf, string(kitty.Placeholder)...)
			buf = append(buf, row...)
			buf = append(buf, string(kitty.Diacritic(x))...)
			buf = append(buf, top...)
		}
		lines[y] = string(append(buf, "\x1b[39m"...))
	}
	return lines
}
