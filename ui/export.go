package ui

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hfcui/checkpoints"
)

// exporter is what is on a page, ready to be written into files.
type exporter struct {
	base  string // what all the files' names begin with
	files []exportFile
}

// exportFile is one of them.
type exportFile struct {
	suffix string // "-low.png"
	write  func(io.Writer) error
}

// mostNumbered bounds how many exports of the same name are looked past.
const mostNumbered = 10000

// save writes all files under the first name, numbered if need be, that none of them has
// taken. An existing file is never touched, and no file is there half written.
func (e exporter) save(folder string) (names []string, err error) {
	base := safeName(e.base)
	for n := 1; n <= mostNumbered; n++ {
		at := filepath.Join(folder, base)
		if n > 1 {
			at += fmt.Sprintf("-%d", n)
		}
		if e.taken(at) {
			continue
		}
		for _, f := range e.files {
			if err := checkpoints.WriteNew(at+f.suffix, f.write); err != nil {
				return names, err
			}
			names = append(names, at+f.suffix)
		}
		return names, nil
	}
	return nil, fmt.Errorf("%s holds %d exports named %s already", folder, mostNumbered, base)
}

func (e exporter) taken(at string) bool {
	for _, f := range e.files {
		if _, err := os.Lstat(at + f.suffix); err == nil {
			return true
		}
	}
	return false
}

// safeName makes a file name of text from outside.
func safeName(s string) string {
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

// safePart makes a part of a file name of text from outside.
func safePart(s string) string { return safeName(s)[len("hfcui-"):] }
