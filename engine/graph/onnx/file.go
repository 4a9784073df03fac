package onnx

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hfcui/engine/printable"
)

// maxFile is the maximum size of a protobuf message in bytes.
const maxFile = 1<<31 - 1

// Read imports the ONNX file at path, and external data from its folder.
func Read(path string, o Options) (*Network, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file: specify an .onnx file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s: larger than 2 GB, the limit of ONNX files: keep the weights in external data", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	n, err := Import(data, beside(filepath.Dir(path)), o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

// reason strips the path from an error.
func reason(err error) error {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err
	}
	return err
}

// beside returns a function that opens files inside a folder, and none outside of it.
func beside(folder string) func(name string) (Data, error) {
	return func(name string) (Data, error) {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("external data %.60q is outside the model's folder", printable.Line(name))
		}
		f, err := os.OpenInRoot(folder, name)
		if err != nil {
			return nil, fmt.Errorf("external data %.60q: %w: keep that file next to the model", printable.Line(name), reason(err))
		}
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%.60q is not a file", printable.Line(name))
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return external{f, info.Size()}, nil
	}
}

// external is an open file of external data.
type external struct {
	io.ReaderAt
	size int64
}

func (e external) Size() int64  { return e.size }
func (e external) Close() error { return e.ReaderAt.(io.Closer).Close() }

// Looks reports whether the first bytes of a file look like an ONNX model: the first field of a
// ModelProto is ir_version, a small number, and another field follows.
func Looks(head []byte) bool {
	return len(head) > 3 && head[0] == 0x08 && head[1] > 0 && head[1] < 32 && (head[2] == 0x12 || head[2] == 0x1a || head[2] == 0x22 || head[2] == 0x28 || head[2] == 0x32 || head[2] == 0x3a || head[2] == 0x42)
}
