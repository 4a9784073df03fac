package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// xtermResources make xterm a VT340: sixel, enough colors, no decoration.
const xtermResources = `XTerm*decTerminalID: vt340
XTerm*numColorRegisters: 1024
XTerm*maxGraphicSize: 2000x1500
XTerm*sixelScrolling: on
XTerm*privateColorRegisters: true
XTerm*allowSendEvents: true
XTerm*allowWindowOps: true
XTerm*scrollBar: false
XTerm*toolBar: false
XTerm*internalBorder: 0
XTerm*cursorBlink: false
`

// window is an xterm on an invisible screen.
type window struct {
	t       *testing.T
	display string
	id      string
}

// openXterm runs a command in an xterm of 100×30 cells. When the command ends its
// status stays on the window's normal screen.
func openXterm(t *testing.T, args ...string) *window {
	t.Helper()
	for _, tool := range []string{"xterm", "Xvfb", "xdotool", "import"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is not installed", tool)
			}
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	w := &window{t: t, display: startScreen(t)}
	resources, ready := filepath.Join(dir, "resources"), filepath.Join(dir, "window")
	if err := os.WriteFile(resources, []byte(xtermResources), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `echo "$WINDOWID" >"$0.new" && mv "$0.new" "$0"; "$@"; echo "[ended $?]"; exec sleep 1000`
	cmd := exec.Command("xterm", append([]string{"-ti", "vt340", "-tn", "xterm-256color", "-u8", "-b", "0", "-bw", "0",
		"-fa", "DejaVu Sans Mono", "-fs", "11", "-fg", "gray90", "-bg", "black", "-geometry", "100x30+0+0",
		"-e", "/bin/sh", "-c", script, ready}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(environment(t), "DISPLAY="+w.display, "XENVIRONMENT="+resources, "LC_ALL=C.UTF-8")
	var messages bytes.Buffer
	cmd.Stderr = &messages
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	w.until("the window", func() bool {
		id, err := os.ReadFile(ready)
		w.id = strings.TrimSpace(string(id))
		return err == nil && w.id != ""
	})
	w.tool("xdotool", "windowfocus", "--sync", w.id)
	return w
}

// startScreen starts an X server without a screen and returns its display.
func startScreen(t *testing.T) string {
	t.Helper()
	r, announced, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{announced}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	announced.Close()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	r.SetReadDeadline(time.Now().Add(patience))
	var number int
	if _, err := fmt.Fscan(r, &number); err != nil {
		t.Fatal("Xvfb did not start: ", err)
	}
	return fmt.Sprint(":", number)
}

// tool runs a tool on the window's display and returns its output.
func (w *window) tool(name string, args ...string) []byte {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+w.display)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s %q: %v %s", name, args, err, stderr.String())
	}
	return out
}

func (w *window) press(key string) { w.tool("xdotool", "key", "--clearmodifiers", key) }

func (w *window) screenshot() image.Image {
	w.t.Helper()
	im, err := png.Decode(bytes.NewReader(w.tool("import", "-silent", "-window", w.id, "png:-")))
	if err != nil {
		w.t.Fatal(err)
	}
	return im
}

func (w *window) until(what string, met func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// pixelsOf counts the pixels of a color; sixel knows hundredths of full intensity only.
func pixelsOf(im image.Image, c color.NRGBA) int {
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 4 }
	n := 0
	for y := im.Bounds().Min.Y; y < im.Bounds().Max.Y; y++ {
		for x := im.Bounds().Min.X; x < im.Bounds().Max.X; x++ {
			p := color.NRGBAModel.Convert(im.At(x, y)).(color.NRGBA)
			if near(p.R, c.R) && near(p.G, c.G) && near(p.B, c.B) {
				n++
			}
		}
	}
	return n
}

// TestTerminalXterm looks at the pixels that a real xterm shows: an image of two colors,
// whose low part is the image itself when r lies past the corner, and nothing at r = 0.
func TestTerminalXterm(t *testing.T) {
	if testing.Short() {
		t.Skip("xterm draws, not this program")
	}
	pink, blue := color.NRGBA{255, 0, 128, 255}, color.NRGBA{0, 77, 204, 255}
	im := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for i := range 32 * 32 {
		im.SetNRGBA(i%32, i/32, []color.NRGBA{pink, blue}[i%32/16])
	}
	path := filepath.Join(t.TempDir(), "halves.png")
	if err := os.WriteFile(path, encodePNG(t, im), 0o644); err != nil {
		t.Fatal(err)
	}
	w := openXterm(t, program, "explore", path)

	w.until("the first picture", func() bool { return pixelsOf(w.screenshot(), pink) > 5000 })
	w.press("Home")
	var one int
	w.until("one picture in pink and blue at r = 0, drawn to its end", func() bool {
		shot := w.screenshot()
		before := one
		one = pixelsOf(shot, pink)
		other := pixelsOf(shot, blue)
		return one == before && one > 5000 && other > one*9/10 && other < one*11/10
	})
	w.press("End")
	w.until("two pictures in pink and blue, and one all gray, past the corner", func() bool {
		shot := w.screenshot()
		two, gray := pixelsOf(shot, pink), pixelsOf(shot, color.NRGBA{128, 128, 128, 255})
		return two > one*18/10 && two < one*22/10 && gray > one*18/10
	})
	w.press("q")
	w.until("a screen without pictures", func() bool {
		shot := w.screenshot()
		return pixelsOf(shot, pink)+pixelsOf(shot, blue) == 0
	})
}
