package dataset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Options says where to look for data sets known by name.
type Options struct {
	Cache string // "": CacheDir()
}

// Open opens a data set by name (shapes, cifar10, …) or a folder, whose layout is detected.
// A folder that is meant but bears a known name is written as ./name. Errors are one line.
func Open(ctx context.Context, nameOrDir string, o Options) (*Data, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if name, rest, _ := strings.Cut(nameOrDir, ":"); name == "shapes" {
		options, err := parseShapes(rest)
		if err != nil {
			return nil, err
		}
		return Shapes(options), nil
	}
	return openDir(nameOrDir)
}

// openDir opens a folder of any layout.
func openDir(dir string) (*Data, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if info.IsDir() && exists(filepath.Join(dir, "test_batch.bin")) {
		return openCIFAR(dir)
	}
	return nil, fmt.Errorf("%s: no data set in a known layout", dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
