//go:build race

package main

// raceDetector tells whether the tests run under the race detector; the command they run
// is built with it then, too.
const raceDetector = true
