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

// Embedded returns the embedded model of that name; false if there is none. Every call returns a new
// File.
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
	// The file is an io.ReaderAt over the program's memory: elements are converted directly from it,
	// without the copy that ReadFile makes.
	file, err := ReadSafetensors(f.(io.ReaderAt), info.Size(), "embedded model "+name)
	return file, err == nil // TestEmbedded reads every embedded file
}

// EmbeddedNames lists the embedded models, sorted.
func EmbeddedNames() []string {
	found, _ := fs.Glob(models, "models/*"+modelSuffix) // the pattern is valid
	names := make([]string, len(found))
	for i, file := range found {
		names[i] = strings.TrimSuffix(path.Base(file), modelSuffix)
	}
	slices.Sort(names) // suffixes change the order: demo comes before demo-shuffled
	return names
}
