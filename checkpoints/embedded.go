package checkpoints

import (
	"embed"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The embedded models; see models/README.md.
//
//go:embed models
var models embed.FS

const modelSuffix = ".safetensors"

// Embedded reads the embedded model of a name; false if there is none. Every call returns a new File.
func Embedded(name string) (*File, bool) {
	f, err := models.Open(path.Join("models", name+modelSuffix))
	if err != nil || strings.ContainsAny(name, `/\`) {
		return nil, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false
	}
	// An embedded file is an io.ReaderAt over the program's own memory: reading it this way converts the
	// numbers straight from there, where ReadFile would copy them first.
	file, err := ReadSafetensors(f.(io.ReaderAt), info.Size(), "built-in model "+name)
	return file, err == nil // a test reads every embedded file
}

// EmbeddedNames lists the embedded models, sorted.
func EmbeddedNames() []string {
	found, _ := fs.Glob(models, "models/*"+modelSuffix) // the pattern is a valid one
	names := make([]string, len(found))
	for i, file := range found {
		names[i] = strings.TrimSuffix(path.Base(file), modelSuffix)
	}
	slices.Sort(names) // suffixes change the order: demo comes before demo-shuffled
	return names
}
