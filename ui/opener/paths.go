package opener

import (
	"os"
	"path/filepath"
	"strings"

	"hfcui/ui/session"
)

const separator = string(filepath.Separator)

// divide cuts typed text into the folder whose entries are listed and the filter of their names. Text
// without a folder filters what is listed at the start: named is false.
func divide(text string) (folder, filter string, named bool) {
	if text == "~" {
		return "~" + separator, "", true
	}
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return "", text, false
	}
	return text[:i+1], text[i+1:], true
}

// shorten writes the home folder as "~".
func shorten(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == separator {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home); ok && (rest == "" || strings.HasPrefix(rest, separator)) {
		return "~" + rest
	}
	return path
}

// parent returns the text of the folder above the one that is listed.
func parent(folder string) string {
	clean := filepath.Clean(folder)
	switch {
	case folder == "" || clean == ".":
		return ".." + separator
	case clean == "~":
		return shortParent(session.FullPath(clean))
	case clean == ".." || strings.HasSuffix(clean, separator+".."):
		return clean + separator + ".." + separator
	}
	up := filepath.Dir(clean)
	switch up {
	case ".":
		return ""
	case separator:
		return separator
	}
	return up + separator
}

func shortParent(dir string) string {
	return strings.TrimSuffix(filepath.Dir(dir), separator) + separator
}

// common returns the longest common prefix of names that begin with a prefix.
func common(names []string, prefix string) string {
	best, any := prefix, false
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if !any {
			best, any = name, true
			continue
		}
		for !strings.HasPrefix(name, best) {
			r := []rune(best)
			best = string(r[:len(r)-1])
		}
	}
	return best
}
