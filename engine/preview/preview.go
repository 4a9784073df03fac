// Package preview describes what is at a path, or has a name, without opening it for use: a model, a
// dataset, an image, a run, or a folder of other things.
package preview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/printable"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
)

// Kind is what a path leads to.
type Kind string

// The kinds.
const (
	None   Kind = "" // nothing that can be opened
	Model  Kind = "model"
	Data   Kind = "dataset"
	Image  Kind = "image"
	Runs   Kind = "run" // a run folder, or a folder of them
	Folder Kind = "folder"
)

// Preview describes what is at a path.
type Preview struct {
	Kind  Kind
	Lines []string // what it is, most important first, safe to print
	Dirs  []string // of Runs: the run folders
	Err   error    // why it cannot be opened; nil unless Kind is None
}

// mostRead bounds the size of a model file that is read for a preview. Larger files are described by
// their size.
const mostRead = 256 << 20

// Of describes what is at a path or has that name. Reading a large model takes a second; ctx is
// checked before each slow step.
func Of(ctx context.Context, path string) Preview {
	switch {
	case slices.Contains(checkpoints.EmbeddedNames(), path):
		return describeModel(ctx, path, "embedded")
	case slices.Contains(dataset.Names(), before(path, ":")):
		return describeData(ctx, path)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Preview{Err: fmt.Errorf("%s: no such file or folder", printable.Line(path))}
	case err != nil:
		return Preview{Err: unreadable(path, err)}
	case info.IsDir():
		return describeFolder(ctx, path)
	case !info.Mode().IsRegular():
		return Preview{Err: fmt.Errorf("%s: not a regular file", printable.Line(path))}
	}
	if dataset.IsDataFile(path) {
		return describeData(ctx, path)
	}
	about := Bytes(info.Size()) + ", " + info.ModTime().Format("2006-01-02 15:04")
	if c, h, w, err := dataset.PhotoSize(path); err == nil {
		return Preview{Kind: Image, Lines: []string{fmt.Sprintf("image, %d×%d %s", w, h, channels(c)), about}}
	}
	if info.Size() > mostRead {
		return Preview{Kind: Model, Lines: []string{about, "too large to preview; it is checked when it is opened"}}
	}
	return describeModel(ctx, path, about)
}

// before returns s up to a separator.
func before(s, sep string) string {
	s, _, _ = strings.Cut(s, sep)
	return s
}

// describeModel reads a model. about is said of its file.
func describeModel(ctx context.Context, path, about string) Preview {
	if err := ctx.Err(); err != nil {
		return Preview{Err: err}
	}
	m, err := train.LoadModel(ctx, path, model.Description{})
	if err != nil {
		return Preview{Lines: []string{about}, Err: err}
	}
	c, h, w := m.Input()
	classes := fmt.Sprintf("%d classes, not named", m.Net.Classes)
	if len(m.Classes) > 0 {
		classes = fmt.Sprintf("%d classes: %s", m.Net.Classes, printable.Line(strings.Join(m.Classes, ", ")))
	}
	return Preview{Kind: Model, Lines: []string{
		fmt.Sprintf("%s, %s parameters, input %d×%d %s", m.Net.Name, grouped(m.Params()), w, h, channels(c)),
		classes,
		"normalization: " + m.Reading().Normalization(),
		about,
	}}
}

// describeData opens a dataset.
func describeData(ctx context.Context, name string) Preview {
	d, err := dataset.Open(ctx, name, dataset.Options{})
	if err != nil {
		return Preview{Err: err}
	}
	defer d.Close()
	p := Preview{Kind: Data}
	size := "images of various sizes"
	if c, h, w := d.Test.Shape(); c > 0 {
		size = fmt.Sprintf("%d×%d %s", w, h, channels(c))
	}
	classes := "no labels"
	if names := d.Test.Classes(); len(names) > 0 {
		classes = fmt.Sprintf("%d classes: %s", len(names), printable.Line(strings.Join(names, ", ")))
	}
	var splits []string
	for _, split := range d.Splits() {
		splits = append(splits, fmt.Sprintf("%s %s", split, grouped(d.Set(split).Len())))
	}
	p.Lines = []string{fmt.Sprintf("%s dataset, %s", d.Layout, size), classes, "images: " + strings.Join(splits, ", ")}
	return p
}

// unreadable says why a path cannot be read.
func unreadable(path string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: cannot be read: %w; %s", printable.Line(path), err, checkpoints.Remedy(err))
}

// describeFolder tells a run, a dataset and a folder of runs from other folders.
func describeFolder(ctx context.Context, dir string) Preview {
	if c, err := train.ReadConfig(dir); err == nil {
		return describeRun(dir, c)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Preview{Err: unreadable(dir, err)}
	}
	if p := describeData(ctx, dir); p.Kind == Data {
		return p
	}
	if err := ctx.Err(); err != nil {
		return Preview{Err: err}
	}
	if dirs := runsIn(dir, entries); len(dirs) > 0 {
		return Preview{Kind: Runs, Dirs: dirs, Lines: []string{fmt.Sprintf("folder of %s", counted(len(dirs), "run"))}}
	}
	return Preview{Kind: Folder, Lines: []string{"folder, " + counted(len(entries), "entry")}}
}

// runsIn returns the run folders in a folder that has any directly in it.
func runsIn(dir string, entries []fs.DirEntry) []string {
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dir, e.Name(), train.ConfigFile)); err == nil {
			dirs, _, err := follow.Find([]string{dir}, true)
			if err != nil {
				return nil
			}
			return dirs
		}
	}
	return nil
}

func describeRun(dir string, c train.Config) Preview {
	how := counted(c.Epochs, "epoch")
	if c.Steps > 0 {
		how = counted(c.Steps, "step")
	}
	p := Preview{Kind: Runs, Dirs: []string{dir}, Lines: []string{
		fmt.Sprintf("run: %s on %s, %s", printable.Line(c.Net), printable.Line(c.Data), how),
		fmt.Sprintf("batch size %d, learning rate %g, seed %d", c.Batch, c.LearningRate, c.Seed),
	}}
	if info, err := os.Stat(filepath.Join(dir, train.EventsFile)); err == nil {
		p.Lines = append(p.Lines, "last event "+info.ModTime().Format("2006-01-02 15:04"))
	}
	return p
}

// Bytes formats a size: "1.2 MB".
func Bytes(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

func channels(c int) string {
	if c == 1 {
		return "gray"
	}
	return "RGB"
}

func counted(n int, what string) string {
	switch stem, ok := strings.CutSuffix(what, "y"); {
	case n == 1:
		return "1 " + what
	case ok:
		return grouped(n) + " " + stem + "ies"
	}
	return grouped(n) + " " + what + "s"
}

// grouped formats a count with thousands separators.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
