package checkpoints

import (
	"fmt"
	"io"
)

// ReadPyTorch reads the size bytes of r as a file of torch.save, in its zip or its legacy format,
// or of pickle.dump, with a state dict or an nn.Module; errors use name. The state dict may be
// under any key or in any object, and other values are ignored; if there are several, Notes names
// the one read. num_batches_tracked counters are omitted. Numbers become float32 as in
// ReadSafetensors. No code in the file is executed.
func ReadPyTorch(r io.ReaderAt, size int64, name string) (*File, error) {
	f, err := readPyTorch(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// torchFile is one of the two formats.
type torchFile interface {
	// open reads a storage's bytes; the error at the end reports corruption.
	open(st *storage) (io.ReadCloser, error)
}

func readPyTorch(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head); err != nil {
		return nil, readError(err)
	}
	u := &unpickler{storages: map[string]*storage{}, size: size}
	var value any
	var source torchFile
	var err error
	if looksLikeZip(head) {
		value, source, err = u.openZip(r, size)
	} else {
		value, source, err = u.openLegacy(r, size)
	}
	if err != nil {
		return nil, err
	}
	return fileOf(value, source, size)
}

// fileOf reads the state dict from a pickled value.
func fileOf(value any, source torchFile, size int64) (*File, error) {
	found, err := findStateDict(value)
	if err != nil {
		return nil, err
	}
	named := found.named
	f := &File{Tensors: make(map[string]*Tensor, len(named)), Order: make([]string, len(named)), Metadata: map[string]string{}, Notes: found.notes, Modules: found.modules}
	for i, n := range named {
		f.Order[i] = n.name
	}
	if err := readStorages(f, named, source, size); err != nil {
		return nil, err
	}
	return f, nil
}
