package checkpoints

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// The format of torch.save before PyTorch 1.6, optional since: five consecutive pickles (magic number,
// protocol version, system information, the object, the keys of its storages), and then for each key
// the storage's number of elements in eight bytes and its raw bytes.

const (
	legacyMagicText = "L119547037146038801333356L\n" // the first pickle in protocols 0 and 1
	legacyMagic     = "119547037146038801333356"
	legacyVersion   = 1001
)

// torchLegacy reads storages at their offsets.
type torchLegacy struct {
	r  io.ReaderAt
	at map[*storage]int64
}

func (u *unpickler) openLegacy(r io.ReaderAt, size int64) (value any, file torchLegacy, err error) {
	p := &legacyPickles{unpickler: u, left: size}
	p.buffered = bufio.NewReader(io.NewSectionReader(r, 0, size))
	first, err := p.next()
	if err != nil {
		return nil, file, err
	}
	if n, ok := first.(*big.Int); !ok || n.String() != legacyMagic { // pickled without torch.save
		return first, file, nil
	}
	if err := p.readPreamble(); err != nil {
		return nil, file, err
	}
	if value, err = p.next(); err != nil {
		return nil, file, err
	}
	names, err := p.next()
	if err != nil {
		return nil, file, err
	}
	keys, ok := names.(*list)
	if !ok {
		return nil, file, errors.New("has no list of storages; copy or download it again")
	}
	file = torchLegacy{r, make(map[*storage]int64, len(p.storages))}
	return value, file, file.locate(p.storages, keys.items, size-p.left, size)
}

// legacyPickles reads consecutive pickles.
type legacyPickles struct {
	*unpickler
	buffered *bufio.Reader
	left     int64 // unread bytes
}

func (p *legacyPickles) next() (any, error) {
	counting := &countingReader{r: p.buffered}
	value, err := p.load(counting, p.left)
	p.left -= counting.n
	return value, err
}

// readPreamble reads the pickles between the magic number and the object.
func (p *legacyPickles) readPreamble() error {
	version, err := p.next()
	if err != nil {
		return err
	}
	if version != legacyVersion {
		return errors.New("is of an unknown version of PyTorch's legacy format; torch.save it again with a current PyTorch")
	}
	machine, err := p.next()
	if err != nil {
		return err
	}
	facts, ok := machine.(*dict)
	if !ok {
		return errors.New("does not state its byte order; copy or download it again")
	}
	if facts.get("little_endian") == false {
		return errors.New("was saved on a big-endian machine; load it in Python and save it as safetensors")
	}
	return nil
}

// locate finds the offsets of the storages, from byte at on, in the order of keys.
func (l torchLegacy) locate(storages map[string]*storage, keys []any, at, size int64) error {
	var count [8]byte
	for _, k := range keys {
		key, _ := k.(string)
		st := storages[key]
		if st == nil || l.at[st] != 0 {
			return fmt.Errorf("lists storage %s twice or unused; copy or download it again", quote(key))
		}
		if _, err := io.ReadFull(io.NewSectionReader(l.r, at, size-at), count[:]); err != nil {
			return readError(err)
		}
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(st.size) {
			return fmt.Errorf("is corrupt: storage %s has %d elements, expected %d; copy or download it again", quote(key), n, st.size)
		}
		at += 8
		if !st.fits(size - at) {
			return fmt.Errorf("is truncated within storage %s; copy or download it again", quote(key))
		}
		l.at[st] = at
		at += st.bytes()
	}
	if len(l.at) != len(storages) {
		return fmt.Errorf("lists %d of its %d storages; copy or download it again", len(l.at), len(storages))
	}
	return nil
}

func (l torchLegacy) open(st *storage) (io.ReadCloser, error) {
	if l.at[st] == 0 {
		return nil, fmt.Errorf("has no storage %s; copy or download it again", quote(st.key))
	}
	return io.NopCloser(io.NewSectionReader(l.r, l.at[st], st.size*int64(st.dtype.size))), nil
}

// countingReader counts the bytes read.
type countingReader struct {
	r *bufio.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *countingReader) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}
