package train

import (
	"context"
	"os"
	"path/filepath"

	"hfcui/checkpoints"
	"hfcui/engine/model"
	"hfcui/engine/printable"
)

// LoadModel loads a model that a run may be writing at the same time: a file that changes while
// it is read, by a writer that does not replace it atomically, is read again. d completes the description of the file. A model in a run folder is named for the folder.
func LoadModel(ctx context.Context, path string, d model.Description) (*model.Model, error) {
	for tries := 3; ; tries-- {
		before, _ := os.Stat(path)
		m, err := model.LoadAs(path, d)
		if err == nil {
			m.Name = modelName(m.Name, path)
			return m, nil
		}
		after, _ := os.Stat(path)
		if checkpoints.Unchanged(before, after) || tries == 1 {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// modelName returns the name of a model that was loaded as name: that of its folder for the
// model of a run, since all of those have the same file name.
func modelName(name, path string) string {
	if filepath.Base(path) != ModelFile {
		return name
	}
	at, err := filepath.Abs(path)
	if err != nil {
		return name
	}
	folder := printable.Line(filepath.Base(filepath.Dir(at)))
	if folder == "" || folder == string(filepath.Separator) {
		return name
	}
	return folder
}
