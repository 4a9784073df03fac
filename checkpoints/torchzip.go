package checkpoints

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The format of torch.save since PyTorch 1.6: an uncompressed zip archive of one folder with data.pkl,
// the pickle, and data/KEY, the raw bytes of each storage.

const (
	maxDirectory = 16 << 20 // bytes of the archive's directory, about 200,000 entries
	pickleEntry  = "data.pkl"
)

type torchZip struct {
	size   int64  // of the archive
	folder string // with trailing slash
	files  map[string]*zip.File
}

func (u *unpickler) openZip(r io.ReaderAt, size int64) (any, torchFile, error) {
	limited := &limitedReaderAt{r: r, left: maxDirectory, limit: true}
	archive, err := zip.NewReader(limited, size)
	if err != nil {
		if limited.left < 0 {
			err = errors.New("its directory is too large")
		}
		return nil, nil, fmt.Errorf("is a corrupt zip archive (%w); copy or download it again", err)
	}
	limited.limit = false
	z := torchZip{size: size, files: make(map[string]*zip.File, len(archive.File))}
	pickles := 0
	for _, f := range archive.File {
		if z.files[f.Name] != nil {
			return nil, nil, fmt.Errorf("is a zip archive with two entries %s; copy or download it again", quote(f.Name))
		}
		z.files[f.Name] = f
		if folder, ok := strings.CutSuffix(f.Name, pickleEntry); ok && (folder == "" || strings.HasSuffix(folder, "/")) {
			z.folder = folder
			pickles++
		}
	}
	switch {
	case pickles == 0:
		return nil, nil, errors.New(foreignZip(z.files))
	case pickles > 1:
		return nil, nil, errors.New("is a zip archive of several models; unpack it and open one of them")
	case z.files[z.folder+"constants.pkl"] != nil:
		return nil, nil, errors.New("is a TorchScript program; export it: m = torch.jit.load(FILE); " + exportTorch)
	}
	if err := z.checkByteOrder(); err != nil {
		return nil, nil, err
	}
	f, err := z.entry(pickleEntry)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	value, err := u.load(bufio.NewReader(f), int64(z.files[z.folder+pickleEntry].UncompressedSize64))
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.Copy(io.Discard, f); err != nil { // read to the end, where the checksum is compared
		return nil, nil, fmt.Errorf("has a corrupt %s: %w; copy or download it again", pickleEntry, err)
	}
	return value, z, nil
}

// entry opens an entry of the model's folder. Compressed entries, which torch.save never writes, are
// rejected, so that an entry is never longer than the file.
func (z torchZip) entry(name string) (io.ReadCloser, error) {
	f := z.files[z.folder+name]
	if f == nil {
		return nil, fmt.Errorf("has no entry %s; copy or download it again", quote(name))
	}
	if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 || f.Flags&1 != 0 {
		return nil, fmt.Errorf("has a compressed or encrypted entry %s; unpack it and pack it with `zip -0`, or torch.save it again", quote(name))
	}
	if f.UncompressedSize64 > uint64(z.size) {
		return nil, fmt.Errorf("is truncated: its entry %s has %d bytes; copy or download it again", quote(name), f.UncompressedSize64)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("has a corrupt entry %s: %w; copy or download it again", quote(name), err)
	}
	return r, nil
}

// checkByteOrder rejects files of big-endian machines, which PyTorch 2.1 and later mark.
func (z torchZip) checkByteOrder() error {
	if z.files[z.folder+"byteorder"] == nil {
		return nil
	}
	r, err := z.entry("byteorder")
	if err != nil {
		return err
	}
	defer r.Close()
	order := make([]byte, len("little"))
	if n, _ := io.ReadFull(r, order); string(order[:n]) != "little" {
		return errors.New("was saved on a big-endian machine; load it in Python and save it as safetensors")
	}
	return nil
}

func (z torchZip) open(st *storage) (io.ReadCloser, error) {
	r, err := z.entry("data/" + st.key)
	if err != nil {
		return nil, err
	}
	want, have := uint64(st.bytes()), z.files[z.folder+"data/"+st.key].UncompressedSize64
	if want != have {
		r.Close()
		return nil, fmt.Errorf("is corrupt: storage %s has %d bytes, expected %d; copy or download it again", quote(st.key), have, want)
	}
	return r, nil
}

// limitedReaderAt bounds the memory of archive/zip for a directory with millions of entries.
type limitedReaderAt struct {
	r     io.ReaderAt
	left  int64
	limit bool
}

func (l *limitedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	if l.limit {
		if l.left -= int64(len(p)); l.left < 0 {
			return 0, errors.New("too large")
		}
	}
	return l.r.ReadAt(p, at)
}
