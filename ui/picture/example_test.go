package picture_test

import (
	"fmt"
	"strings"

	"hfcui/ui/picture"
)

// Encode an image for a box of 2×1 cells of 8×12 pixels: as sixel, drawn over blanks, and as
// half blocks, which are text.
func ExampleEncoder() {
	box := picture.New(2*8, 1*12)
	box.Fill(picture.RGB{R: 255, G: 128})

	sixel := picture.NewEncoder(picture.Sixel).Encode(box, 2, 1)
	fmt.Printf("%q\n", sixel.Data)

	blocks := picture.NewEncoder(picture.HalfBlocks).Encode(box, 2, 1)
	fmt.Println(strings.Count(blocks.Lines[0], "▀"), "cells in", len(blocks.Lines), "line")
	// Output:
	// "\x1bP0;1;0q\"1;1;16;12#0;2;100;50;0#0!16~-#0!16~\x1b\\"
	// 2 cells in 1 line
}
