//go:build race

package gpu

// raceDetector is set when the race detector watches, under which the interpreter of PTX is ten times
// slower.
const raceDetector = true
