package ui

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/ui/opener"
	"hfcui/ui/uitest"
)

// openFiles makes a folder of things to open, which becomes the current one.
func openFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("notes.txt", "Hello, this is a text.")
	write("many/a.txt", "")
	write("runs/first/config.json", `{"net":"resnet20","data":"cifar10","epochs":3,"batch":64}`)
	write("runs/first/events.jsonl", "")
	f, err := os.Create(filepath.Join(dir, "photo.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	demo, _ := checkpoints.Embedded("demo")
	if err := checkpoints.WriteSafetensors(filepath.Join(dir, "zebra.safetensors"), demo); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return dir
}

// Another model file is opened in three keys: the dialog, a letter, enter.
func TestOpensModelFile(t *testing.T) {
	openFiles(t)
	recent := filepath.Join(t.TempDir(), "state", "recent.json")
	d := startWith(t, uitest.NewFakeLab(), Options{Recent: recent}, 100, 30)
	d.Shows("O open")
	d.Keys("O").Shows("╭─ Open ─", "embedded model", "split of shapes", "zebra.safetensors", "runs/", "photo.png", "enter open", "tab complete")
	d.Keys("z").Shows("› zebra.safetensors", "resnet20, 272,474 parameters, input 32×32 RGB", "10 classes: disc, ring")
	d.Keys("enter").Hides("╭─ Open ─")
	if got := d.Lab.Reopened; len(got) != 1 || got[0].Model != "./zebra.safetensors" {
		t.Errorf("%+v", got)
	}
	d.Keys("O").Shows("recent model")
	if text, err := os.ReadFile(recent); err != nil || !strings.Contains(string(text), "zebra.safetensors") {
		t.Errorf("%v: %s", err, text)
	}
}

// Folders are listed, paths completed, and what cannot be opened is said in the dialog.
func TestOpenNavigates(t *testing.T) {
	dir := openFiles(t)
	d := start(t, 100, 30)
	d.Keys("O").Types("many").Keys("right").Shows("› ./many/", "a.txt", "../")
	d.Keys("left").Hides("› ./many/").Shows("notes.txt", "embedded")
	d.Types(filepath.Join(dir, "no")).Keys("tab").Shows("notes.txt", "not a supported model file")
	d.Keys("enter").Shows("not a supported model file").Keys("esc").Hides("╭─ Open ─")
	d.Keys("O").Types("/none/at/all").Shows("This folder cannot be read")
	d.Keys("enter").Shows("no such file or folder").Keys("esc")
	if len(d.Lab.Reopened) > 0 {
		t.Errorf("%+v", d.Lab.Reopened)
	}
	d.Keys("O").Types("photo").Shows("image, 40×30 gray").Keys("enter")
	if got := d.Lab.Reopened; len(got) != 1 || got[0].Images[0] != "./photo.png" {
		t.Errorf("%+v", got)
	}
	d.Keys("2 O").Types("runs/").Shows("› ./", "folder of 1 run")
	d.Hold = true // following runs never comes to rest
	d.Keys("enter")
	d.Send(d.Held[0]())
	if d.App.page != 3 || d.App.Top() != nil {
		t.Errorf("page %d, dialog %v", d.App.page, d.App.Top())
	}
}

// A split of the open data is chosen like anything else.
func TestOpensSplit(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("O").Types("train").Keys("enter").Shows("shapes train")
}

// A model without class names whose data nobody chose is not scored: the program asks for its data,
// and says so on every page.
func TestAsksForData(t *testing.T) {
	l := uitest.NewFakeLab()
	l.About.Labeled, l.About.DefaultData, l.About.Unscored = false, true, "net has no class names and no dataset was chosen for it"
	l.About.Note = "predictions shown, not scored: " + l.About.Unscored
	d := startWith(t, l, Options{}, 140, 44)
	d.Shows("Open the dataset of demo").Hides("embedded model")
	d.Keys("esc").Shows("O opens the model's dataset: predictions shown, not scored")
	for _, page := range []string{"2", "6", "7"} {
		d.Keys(page).Shows("unavailable: net has no class names", "Press O to open the model's dataset")
	}
	d.Keys("f").Hides("Open the dataset")
}

// A file of recent items that cannot be read or written is harmless.
func TestRecentIsHarmless(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "blocked")
	for name, text := range map[string]string{"garbage.json": "{[", "odd.json": `[{"kind":"door","path":"/"},{"kind":"model","path":"\u001b[31mx"}]`, "blocked": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"", filepath.Join(dir, "garbage.json"), filepath.Join(dir, "odd.json"), filepath.Join(blocked, "recent.json"), dir} {
		d := startWith(t, uitest.NewFakeLab(), Options{Recent: path}, 80, 24)
		d.Keys("O").Shows("embedded model").Types("shuffled").Keys("enter")
		if len(d.Lab.Reopened) != 1 {
			t.Errorf("%s: %+v", path, d.Lab.Reopened)
		}
		d.Fits(80, 24)
	}
	items := opener.NewRecent(filepath.Join(dir, "odd.json")).Items()
	if len(items) != 2 || items[0].Path != "demo-shuffled" {
		t.Errorf("%+v", items)
	}
}

// Behind a dialog pictures are dimmed text, also where it does not cover them, and come back after it.
func TestDialogsDimWhatIsBehind(t *testing.T) {
	d := sixel(t, 100, 30)
	has := func() bool { return strings.Contains(strings.Join(d.Screen(), "\n"), "▀▀▀") }
	if has() {
		t.Fatal("half blocks where the terminal has pictures")
	}
	if d.Keys("g"); !has() || !strings.Contains(d.App.View().Content, d.App.theme.Line.Paint("test 0")) {
		t.Error("what is behind the dialog is not dimmed")
	}
	d.Fits(100, 30)
	if d.Keys("esc"); has() || strings.Contains(d.App.View().Content, d.App.theme.Line.Paint("test 0")) {
		t.Error("it stays dimmed")
	}
}

// The device is chosen like anything else; one that is missing says why.
func TestChoosesDevice(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("O").Types("device").Shows("device cpu", "in use", "the processor", "device opencl:0", "compute device", "unavailable")
	d.Types(" cuda").Keys("enter").Shows("no CUDA: libcuda.so.1 not found; on Debian, install libcuda1", "╭─ Open ─").Keys("esc")
	d.Keys("O").Types("opencl").Shows("Radeon 780M, OpenCL 2.1").Keys("enter").Hides("╭─ Open ─").Shows("opencl:0")
	if got := d.Lab.Reopened; len(got) != 2 || got[1].Device != "opencl:0" || got[1].Model+got[1].Data != "" {
		t.Errorf("%+v", got)
	}
}

// When the device is lost, the program says so once, names the CPU from then on, and keeps the reason as a caveat.
func TestDeviceIsLost(t *testing.T) {
	l := uitest.NewFakeLab()
	l.About.Device = "opencl Radeon 780M"
	d := startWith(t, l, Options{}, 140, 44)
	d.Shows("opencl Radeon 780M")
	const loss = "opencl:0 stopped working: driver restarted; the CPU has taken over"
	l.Mu.Lock()
	l.Lost, l.About.Device, l.About.Note = loss, "cpu avx512, 2 threads", loss
	l.Mu.Unlock()
	d.Keys("right").Shows(loss)
	d.Keys("right").Shows(loss, "cpu avx512").Hides("Radeon")
	d.Keys("2").Shows(loss)
}
