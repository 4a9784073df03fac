package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// player plays a terminal on a pseudo-terminal: it runs a program there, answers its
// queries as a terminal with sixel graphics does, and remembers what the program wrote.
type player struct {
	t          testing.TB
	cmd        *exec.Cmd
	master     *os.File
	slave      *os.File // kept open, so that its modes can be looked at in the end
	found      unix.Termios
	cols, rows int
	ended      chan struct{}
	silent     bool     // queries stay without an answer
	env        []string // of the program besides environment

	mu      sync.Mutex
	screen  scanner
	output  bytes.Buffer
	arrived time.Time // of the last byte
	drawn   time.Time // of the last byte of the last picture
}

// Cell size of the terminal that is played, in pixels.
const cellWidth, cellHeight = 9, 19

// play starts a command on a terminal of a size. The program must leave the terminal as
// it was; what is left of it is ended with the test.
func play(t testing.TB, cols, rows int, name string, args ...string) *player {
	t.Helper()
	return (&player{t: t, cols: cols, rows: rows}).start(name, args...)
}

// start starts a command on the terminal.
func (p *player) start(name string, args ...string) *player {
	p.t.Helper()
	t := p.t
	p.ended = make(chan struct{})
	p.open()
	p.resize(p.cols, p.rows)
	p.found = p.termios()
	p.cmd = exec.Command(name, args...)
	p.cmd.Dir, p.cmd.Env = t.TempDir(), append(environment(t), p.env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = p.slave, p.slave, p.slave
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read()
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
		p.slave.Close()
		p.master.Close()
	})
	return p
}

// open makes the pseudo-terminal.
func (p *player) open() {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		p.t.Fatal("no pseudo-terminal: ", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		p.t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		p.t.Fatal(err)
	}
	p.master = os.NewFile(uintptr(fd), "ptmx")
	if p.slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) resize(cols, rows int) {
	p.mu.Lock()
	p.cols, p.rows = cols, rows
	p.mu.Unlock()
	size := unix.Winsize{Col: uint16(cols), Row: uint16(rows), Xpixel: uint16(cols * cellWidth), Ypixel: uint16(rows * cellHeight)}
	if err := unix.IoctlSetWinsize(int(p.slave.Fd()), unix.TIOCSWINSZ, &size); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) termios() unix.Termios {
	modes, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return *modes
}

// read takes in what the program writes and answers its queries.
func (p *player) read() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := p.master.Read(buffer)
		if n > 0 {
			p.mu.Lock()
			p.output.Write(buffer[:n])
			p.arrived = time.Now()
			before := p.screen.pictures
			queries := p.screen.feed(buffer[:n])
			if p.screen.pictures > before {
				p.drawn = p.arrived
			}
			cols, rows := p.cols, p.rows
			p.mu.Unlock()
			for _, q := range queries {
				if p.silent {
					break
				}
				io.WriteString(p.master, reply(q, cols, rows))
			}
		}
		if err != nil {
			return
		}
	}
}

// reply is what a sixel terminal answers to a query.
func reply(query string, cols, rows int) string {
	switch query {
	case "\x1b[c", "\x1b[0c":
		return "\x1b[?62;4;22c"
	case "\x1b[>c", "\x1b[>0c":
		return "\x1b[>1;10;0c"
	case "\x1b[>q", "\x1b[>0q":
		return "\x1bP>|player(1)\x1b\\"
	case "\x1b[14t":
		return fmt.Sprintf("\x1b[4;%d;%dt", rows*cellHeight, cols*cellWidth)
	case "\x1b[16t":
		return fmt.Sprintf("\x1b[6;%d;%dt", cellHeight, cellWidth)
	case "\x1b[18t":
		return fmt.Sprintf("\x1b[8;%d;%dt", rows, cols)
	case "\x1b[6n":
		return "\x1b[1;1R"
	case "\x1b[5n":
		return "\x1b[0n"
	case "\x1b[?2026$p":
		return "\x1b[?2026;2$y"
	case "\x1b]10;?":
		return "\x1b]10;rgb:ffff/ffff/ffff\x1b\\"
	case "\x1b]11;?":
		return "\x1b]11;rgb:0000/0000/0000\x1b\\"
	}
	if strings.HasSuffix(query, "$p") {
		return strings.TrimSuffix(query, "$p") + ";0$y"
	}
	return ""
}

// send types keys.
func (p *player) send(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.master, keys); err != nil {
		p.t.Fatal(err)
	}
}

// written is all that the program wrote so far.
func (p *player) written() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// pictures is how many sixel pictures were drawn so far.
func (p *player) pictures() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.pictures
}

// until waits for a condition.
func (p *player) until(what string, met func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			written := p.written()
			p.t.Fatalf("%s: not within %v; the last the program wrote: %.2000q", what, patience, written[max(0, len(written)-2000):])
		}
	}
}

// says waits until the program has written a word.
func (p *player) says(word string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q", word), func() bool { return strings.Contains(p.written(), word) })
}

// quiet waits until the program has written nothing for a while from now on.
func (p *player) quiet() {
	p.t.Helper()
	called := time.Now()
	p.until("quiet", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		last := p.arrived
		if last.Before(called) {
			last = called
		}
		return time.Since(last) > 300*time.Millisecond
	})
}

// exit waits for the end of the program and returns its status; 128 and more is a signal's.
func (p *player) exit() int {
	p.t.Helper()
	p.until("the end", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	p.quietEnd()
	if state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		return 128 + int(state.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// quietEnd gives the reader time to take in what the program wrote last.
func (p *player) quietEnd() {
	for n := -1; n != len(p.written()); time.Sleep(50 * time.Millisecond) {
		n = len(p.written())
	}
}

// restored wants the terminal to be as the program found it.
func (p *player) restored() {
	p.t.Helper()
	if now := p.termios(); now != p.found {
		p.t.Errorf("the terminal's modes were %+v and are %+v", p.found, now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := p.screen.leftovers(); len(left) > 0 {
		p.t.Errorf("left behind: %s", strings.Join(left, ", "))
	}
}

// scanner finds queries, pictures and modes in what a program writes.
type scanner struct {
	rest     []byte // an unfinished sequence
	modes    map[string]bool
	pictures int
	kitty    int // keyboard protocol pushes less pops
}

var (
	csi    = regexp.MustCompile(`^\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]`)
	sixels = regexp.MustCompile(`^\x1bP[0-9;]*q`)
	modes  = regexp.MustCompile(`^\x1b\[\?([0-9;]+)([hl])$`)
)

// feed takes in bytes and returns the queries among them.
func (s *scanner) feed(data []byte) (queries []string) {
	s.rest = append(s.rest, data...)
	if s.modes == nil {
		s.modes = map[string]bool{}
	}
	for {
		at := bytes.IndexByte(s.rest, '\x1b')
		if at < 0 {
			s.rest = s.rest[:0]
			return queries
		}
		s.rest = s.rest[at:]
		sequence, query := s.next()
		if sequence == 0 {
			return queries
		}
		if query != "" {
			queries = append(queries, query)
		}
		s.rest = s.rest[sequence:]
	}
}

// next returns the length of the sequence that rest begins with, 0 when it is not all
// there, and the sequence itself where it may be a query.
func (s *scanner) next() (length int, query string) {
	if len(s.rest) < 2 {
		return 0, ""
	}
	switch s.rest[1] {
	case '[':
		m := csi.Find(s.rest)
		if m == nil {
			return 0, ""
		}
		return len(m), s.control(string(m))
	case 'P', ']', '_', '^', 'X':
		end, length := bytes.Index(s.rest, []byte("\x1b\\")), 2
		if bell := bytes.IndexByte(s.rest, '\a'); s.rest[1] == ']' && bell >= 0 && (end < 0 || bell < end) {
			end, length = bell, 1
		}
		if end < 0 {
			return 0, ""
		}
		if sixels.Match(s.rest) {
			s.pictures++
			return end + length, ""
		}
		return end + length, string(s.rest[:end])
	}
	return 2, ""
}

// control notes the modes that a CSI sequence sets and returns the sequence.
func (s *scanner) control(sequence string) string {
	if m := modes.FindStringSubmatch(sequence); m != nil {
		for mode := range strings.SplitSeq(m[1], ";") {
			s.modes[mode] = m[2] == "h"
		}
	}
	switch {
	case strings.HasPrefix(sequence, "\x1b[>") && strings.HasSuffix(sequence, "u"):
		s.kitty++
	case strings.HasPrefix(sequence, "\x1b[<") && strings.HasSuffix(sequence, "u"):
		s.kitty--
	case strings.HasPrefix(sequence, "\x1b[>4") && strings.HasSuffix(sequence, "m"):
		s.modes["modifyOtherKeys"] = strings.Contains(sequence, ";") && !strings.HasSuffix(sequence, ";0m")
	}
	return sequence
}

// leftovers names the modes that are not as a fresh terminal has them.
func (s *scanner) leftovers() []string {
	var left []string
	for mode, on := range s.modes {
		if on != slices.Contains([]string{"25", "7"}, mode) {
			left = append(left, "mode "+mode)
		}
	}
	if s.kitty > 0 {
		left = append(left, "keyboard protocol")
	}
	if len(s.rest) > 0 {
		left = append(left, fmt.Sprintf("an unfinished sequence %.40q", s.rest))
	}
	slices.Sort(left)
	return left
}
