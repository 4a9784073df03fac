package ui

import (
	"bytes"
	"testing"
	"time"

	"hfcui/ui/term"
	"hfcui/ui/uitest"
)

// On a terminal without synchronized updates the text of a new image is written before its pictures:
// nothing is written after them.
func TestPicturesAreWrittenLast(t *testing.T) {
	r := run(t, uitest.NewFakeLab(), Options{Pictures: "sixel"}, 100, 30)
	r.until("four pictures", pictures(4))
	r.program.Send(capabilitiesMsg{term.Capabilities{CellW: 9, CellH: 18, Dark: true, Complete: true, Colors: 256}})
	time.Sleep(200 * time.Millisecond)
	r.wire.take()
	for range 5 {
		r.program.Send(uitest.KeyPress("n"))
		out := r.until("pictures of the next image", pictures(4))
		time.Sleep(60 * time.Millisecond)
		out = append(out, r.wire.take()...)
		places := sixelPicture.FindAllIndex(out, -1)
		last := places[len(places)-1][1]
		if rest := bytes.TrimPrefix(out[last:], []byte("\x1b8")); len(places) != 4 || len(rest) > 0 {
			t.Errorf("%d pictures, then %q", len(places), rest)
		}
	}
	if err := r.end(uitest.KeyPress("q")); err != nil {
		t.Fatal(err)
	}
}
