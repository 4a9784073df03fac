package train

import (
	"bytes"
	"strconv"
	"time"

	"hfcui/engine/measure"
)

// decodeStep parses the line of a StepEvent whose keys are in the order they are written in, as nearly
// all lines of an events file are; false for any other line, which encoding/json reads. It takes a
// fraction of the time, which is what opening long runs takes.
func decodeStep(line []byte) (*StepEvent, bool) {
	e := &StepEvent{Stamp: Stamp{Type: "step"}}
	l := lineReader{rest: line, ok: true}
	l.literal(`{"type":"step","time":"`)
	e.Time = l.time()
	e.Seconds = l.float(`","seconds":`)
	e.Step = l.int(`,"step":`)
	e.Epoch = l.int(`,"epoch":`)
	e.Steps = l.int(`,"steps":`)
	e.Loss = l.float(`,"loss":`)
	if l.has(`,"train":{`) {
		e.Train = l.score()
	}
	e.LearningRate = l.float(`,"learning_rate":`)
	e.ImagesPerSecond = l.float(`,"images_per_s":`)
	if l.has(`,"cpu_cores":`) {
		e.Cores = l.float("")
	}
	if l.has(`,"memory_bytes":`) {
		e.Memory = int64(l.int(""))
	}
	l.literal(`}`)
	return e, l.ok && len(bytes.TrimSpace(l.rest)) == 0
}

// lineReader reads a line of known form; ok is false once it is of another.
type lineReader struct {
	rest []byte
	ok   bool
}

// has reads text if it comes next.
func (l *lineReader) has(text string) bool {
	if len(l.rest) < len(text) || string(l.rest[:len(text)]) != text {
		return false
	}
	l.rest = l.rest[len(text):]
	return true
}

func (l *lineReader) literal(text string) { l.ok = l.ok && l.has(text) }

// time reads a time up to its quotation mark.
func (l *lineReader) time() (t time.Time) {
	end := bytes.IndexByte(l.rest, '"')
	if !l.ok || end < 0 {
		l.ok = false
		return t
	}
	l.ok = t.UnmarshalText(l.rest[:end]) == nil
	l.rest = l.rest[end:]
	return t
}

// number reads what precedes a number, and the number as JSON has it.
func (l *lineReader) number(before string) string {
	l.literal(before)
	b, n := l.rest, 0
	digits := func() (many int) {
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
			many++
		}
		return many
	}
	if n < len(b) && b[n] == '-' {
		n++
	}
	first := n
	whole := digits()
	l.ok = l.ok && whole > 0 && (whole == 1 || b[first] != '0')
	if n < len(b) && b[n] == '.' {
		n++
		l.ok = digits() > 0 && l.ok
	}
	if n < len(b) && (b[n] == 'e' || b[n] == 'E') {
		if n++; n < len(b) && (b[n] == '+' || b[n] == '-') {
			n++
		}
		l.ok = digits() > 0 && l.ok
	}
	l.rest = b[n:]
	return string(b[:n])
}

// score reads a score; its accuracy and interval follow from the counts.
func (l *lineReader) score() *measure.Score {
	s := &measure.Score{Correct: l.int(`"correct":`), N: l.int(`,"n":`)}
	l.number(`,"accuracy":`)
	l.number(`,"ci95":[`)
	l.number(`,`)
	l.literal(`]}`)
	l.ok = l.ok && s.Correct >= 0 && s.Correct <= s.N
	return s
}

func (l *lineReader) float(before string) float64 {
	v, err := strconv.ParseFloat(l.number(before), 64)
	l.ok = l.ok && err == nil
	return v
}

func (l *lineReader) int(before string) int {
	v, err := strconv.Atoi(l.number(before))
	l.ok = l.ok && err == nil
	return v
}
