package session

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hfcui/checkpoints"
)

// Exporter is a page's contents, ready to be written to files.
type Exporter struct {
	Base  string // prefix of the files' names
	Files []ExportFile
}

// ExportFile is a file of an export.
type ExportFile struct {
	Suffix string // "-low.png"
	Write  func(io.Writer) error
}

// mostNumbered is the maximum number of exports of the same name.
const mostNumbered = 10000

// Save writes all files under the base name, numbered if any of them exists. Existing files are
// never changed, and files are written atomically.
func (e Exporter) Save(folder string) (names []string, err error) {
	base := SafeName(e.Base)
	for n := 1; n <= mostNumbered; n++ {
		at := filepath.Join(folder, base)
		if n > 1 {
			at += fmt.Sprintf("-%d", n)
		}
		if e.taken(at) {
			continue
		}
		for _, f := range e.Files {
			if err := checkpoints.WriteNew(at+f.Suffix, f.Write); err != nil {
				return names, err
			}
			names = append(names, at+f.Suffix)
		}
		return names, nil
	}
	return nil, fmt.Errorf("%s already has %d exports named %s", folder, mostNumbered, base)
}

func (e Exporter) taken(at string) bool {
	for _, f := range e.Files {
		if _, err := os.Lstat(at + f.Suffix); err == nil {
			return true
		}
	}
	return false
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
