// Package term is the program's way to the terminal: Probe finds out what a terminal can
// do, Layer draws pictures after the text of the frame they belong to.
package term
