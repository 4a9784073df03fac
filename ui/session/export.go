package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hfcui/checkpoints"
	"hfcui/ui/kit"
)

// Exporter is a page's contents, ready to be written to files.
type Exporter struct {
	Base       string // prefix of the files' names
	Files      []ExportFile
	Unfinished []string // what is not fully measured: "heat map 34 % measured"
}

// ExportFile is a file of an export.
type ExportFile struct {
	Suffix string // "-low.png"
	Write  func(io.Writer) error
}

// mostNumbered is the maximum number of exports of the same name.
const mostNumbered = 10000

// Free returns the base name for a folder, numbered where files of it exist.
func (e Exporter) Free(folder string) string {
	base := SafeName(e.Base)
	for n := 1; n <= mostNumbered; n++ {
		name := base
		if n > 1 {
			name += fmt.Sprintf("-%d", n)
		}
		if len(e.Existing(folder, name)) == 0 {
			return name
		}
	}
	return base
}

// Existing lists the suffixes of the files that exist under a base name.
func (e Exporter) Existing(folder, base string) map[string]bool {
	there := map[string]bool{}
	for _, f := range e.Files {
		if _, err := os.Lstat(filepath.Join(folder, base+f.Suffix)); err == nil {
			there[f.Suffix] = true
		}
	}
	return there
}

// CheckBase returns an error unless text can be the base name of files.
func CheckBase(text string) error {
	switch {
	case text == "":
		return errors.New("give a name")
	case strings.ContainsAny(text, `/\:`) || text != kit.Clean(text):
		return errors.New("a name without / \\ : and control characters")
	case len(text) > mostBase:
		return fmt.Errorf("at most %d bytes", mostBase)
	}
	return nil
}

// mostBase leaves room for suffixes in the longest file name of common file systems, 255 bytes.
const mostBase = 200

// Save writes all files under a base name, atomically, into a folder, which is made if needed, unless its parent is missing. Files
// that exist are replaced with overwrite, and an error without.
func (e Exporter) Save(folder, base string, overwrite bool) (names []string, err error) {
	if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	write := checkpoints.WriteNew
	if overwrite {
		write = checkpoints.WriteAtomic
	}
	for _, f := range e.Files {
		name := filepath.Join(folder, base+f.Suffix)
		if err := write(name, f.Write); err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

// Kind describes the file by its suffix.
func (f ExportFile) Kind() string {
	switch filepath.Ext(f.Suffix) {
	case ".png":
		return "PNG image"
	case ".svg":
		return "SVG figure"
	case ".csv":
		return "CSV table"
	case ".json":
		return "JSON with all settings"
	case ".tfevents":
		return "TensorBoard events"
	}
	return "file"
}

// SafeName converts untrusted text to a file name.
func SafeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, s)
	if len(s) > 120 {
		s = s[:120]
	}
	return "hfcui-" + strings.Trim(s, "-.")
}

// SafePart converts untrusted text to a part of a file name.
func SafePart(s string) string { return SafeName(s)[len("hfcui-"):] }
