package session

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hfcui/checkpoints"
)

// Exporter is what is on a page, ready to be written into files.
type Exporter struct {
	Base  string // what all the files' names begin with
	Files []ExportFile
}

// ExportFile is one of them.
type ExportFile struct {
	Suffix string // "-low.png"
	Write  func(io.Writer) error
}

// mostNumbered bounds how many exports of the same name are looked past.
const mostNumbered = 10000

// Save writes all files under the first name, numbered if need be, that none of them has
// taken. An existing file is never touched, and no file is there half written.
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
	return nil, fmt.Errorf("%s holds %d exports named %s already", folder, mostNumbered, base)
}

func (e Exporter) taken(at string) bool {
	for _, f := range e.Files {
		if _, err := os.Lstat(at + f.Suffix); err == nil {
			return true
		}
	}
	return false
}

// SafeName makes a file name of text from outside.
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

// SafePart makes a part of a file name of text from outside.
func SafePart(s string) string { return SafeName(s)[len("hfcui-"):] }
