// Package checkpoints reads and writes files of named tensors: it reads safetensors and PyTorch
// state dicts, writes safetensors, and has the embedded models.
//
// Files are untrusted: lengths are checked against the file's size before memory is allocated,
// pickles execute only the operations and types that a state dict needs, and a corrupt or hostile
// file is a one-line error that names it. Memory is bounded by a small multiple of the file's size.
package checkpoints

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"unicode/utf8"
)

// Tensor is an array of float32 in row-major order. A scalar has an empty Shape and one element.
type Tensor struct {
	Shape []int
	Data  []float32 // product of Shape elements
	// Integer is set if the file stores integers.
	Integer bool
}

// File is the contents of a checkpoint. Order lists the names in the file's order; Metadata is not
// nil after reading. Tensors never share their Data.
type File struct {
	Tensors  map[string]*Tensor
	Order    []string
	Metadata map[string]string
	Notes    []string // caveats of reading; not written
	// Modules are those of a pickled model in registered order, parents first; empty for a state
	// dict. They are not written.
	Modules []Module
}

const (
	maxRank = 64      // exceeds any framework's maximum
	maxName = 4 << 10 // bytes in a tensor's name
)

// Open reads the checkpoint at path: safetensors, or a PyTorch state dict (.pt, .pth) in either of
// torch.save's formats. The format is detected by content, not by the file's name.
func Open(path string) (*File, error) {
	info, err := os.Stat(path) // before opening, since a named pipe would block
	if err != nil {
		return nil, pathError(path, err, "check the path")
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: %s", path, foreignFolder(path))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a regular file; copy the model into a file first", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError(path, err, Remedy(err))
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil { // the file may have been replaced meanwhile
		return nil, pathError(path, err, "try again")
	}
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, pathError(path, err, "copy it again")
	}
	switch head = head[:n]; {
	case looksLikeSafetensors(head):
		return ReadSafetensors(f, info.Size(), path)
	case bytes.HasPrefix(head, []byte(npyMagic)):
		return readNPY(f, info.Size(), path)
	case looksLikeZip(head), looksLikePickle(head):
		return ReadPyTorch(f, info.Size(), path)
	}
	return nil, fmt.Errorf("%s: %s", path, foreign(path, head))
}

func looksLikeSafetensors(head []byte) bool { return len(head) >= 9 && head[8] == '{' }

func looksLikeZip(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// looksLikePickle recognizes a pickle of protocol 2 or later by its first operation, torch.save's
// older protocols by its magic number in text, and pickle.dump's by the start of a dict.
func looksLikePickle(head []byte) bool {
	if len(head) >= 2 && head[0] == opProto && head[1] <= 5 {
		return true
	}
	for _, start := range []string{legacyMagicText, "(dp", "}q\x00(", "ccollections\n", "ccopy_reg\n_reconstructor\n"} {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	return false
}

// pathError returns an error with path, cause and what to do, without the system call's name.
func pathError(path string, err error, do string) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s: %w; %s", path, err, do)
}

// Remedy says what to do about a path that cannot be read.
func Remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ELOOP):
		return "repair its symbolic link"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "use a shorter path"
	case errors.Is(err, syscall.ENOTDIR):
		return "check its path"
	}
	return "check its permissions"
}

// elements returns the number of elements of shape; false if a dimension is negative or eight times
// the product overflows.
func elements(shape []int) (int64, bool) {
	const limit = 1 << 59
	n, zero := int64(1), false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, false
		case d == 0:
			zero = true
		case int64(d) > limit/n:
			return 0, false
		default:
			n *= int64(d)
		}
	}
	if zero {
		return 0, true
	}
	return n, true
}

// checkName rejects names that cannot be written or displayed.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("has a tensor name of %d bytes", len(name))
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("has a tensor name that is not UTF-8: %s", quote(name))
	}
	return nil
}

// quote formats untrusted text: plain names unchanged, others quoted and escaped, and shortened.
func quote(s string) string {
	const most = 80
	cut := ""
	if len(s) > most {
		s, cut = s[:most], "…"
	}
	plain := s != "" && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-')
	})
	if plain {
		return s + cut
	}
	return fmt.Sprintf("%q", s) + cut
}
