package checkpoints

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// readStorages fills f with the named tensors. Each storage is read once. Storages may overlap in a
// hostile zip, and tensors may repeat elements (stride 0, shared storages), so both the bytes read
// and the elements created are limited by the size of the file.
func readStorages(f *File, named []namedRef, source torchFile, size int64) error {
	of := map[*storage][]namedRef{}
	var order []*storage
	read, numbers := int64(0), int64(0)
	for _, n := range named {
		if of[n.storage] == nil {
			order = append(order, n.storage)
			if !n.storage.fits(size - read) {
				return fmt.Errorf("is truncated: storage %s is larger than the file; copy or download it again", quote(n.storage.key))
			}
			read += n.storage.bytes()
		}
		of[n.storage] = append(of[n.storage], n)
		count, _ := elements(n.shape)               // checked when unpickled
		if numbers += count; numbers > size+chunk { // an element takes at least a byte of the file
			return fmt.Errorf("has tensors that expand shared elements beyond the file's size, e.g. %s; save them with .clone()", quote(n.name))
		}
	}
	buf := make([]byte, chunk)
	for _, st := range order {
		data, err := readStorage(st, source, buf)
		if err != nil {
			return err
		}
		free := true // whether no tensor aliases data
		for _, n := range of[st] {
			t := &Tensor{Shape: slices.Clone(n.shape), Integer: st.dtype.integer()}
			if n.whole() && free {
				t.Data, free = data, false
			} else {
				t.Data = n.gather(data)
			}
			f.Tensors[n.name] = t
		}
	}
	return nil
}

func readStorage(st *storage, source torchFile, buf []byte) ([]float32, error) {
	var r io.ReadCloser
	var err error
	if st.data != nil {
		r = io.NopCloser(bytes.NewReader(st.data))
	} else if r, err = source.open(st); err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]float32, st.size)
	if err = readElements(r, st.dtype, data, buf); err == nil {
		_, err = r.Read(buf[:1]) // reads the end, where the checksum is compared
		if err == io.EOF {
			return data, nil
		}
		if err == nil {
			err = fmt.Errorf("has more bytes than its %d elements", st.size)
		}
	}
	return nil, fmt.Errorf("storage %s: %w; copy or download the file again", quote(st.key), err)
}

// whole reports whether t has exactly the elements of its storage in order.
func (t *tensorRef) whole() bool {
	n, _ := elements(t.shape)
	return t.offset == 0 && n == t.storage.size && t.contiguous()
}

// contiguous reports whether t's elements are contiguous in row-major order.
func (t *tensorRef) contiguous() bool {
	step := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.stride[i] != step {
			return false
		}
		step *= int64(t.shape[i])
	}
	return true
}

// gather copies t's elements from its storage in row-major order.
func (t *tensorRef) gather(data []float32) []float32 {
	n, _ := elements(t.shape)
	out := make([]float32, n)
	if n == 0 {
		return out
	}
	if t.contiguous() {
		copy(out, data[t.offset:])
		return out
	}
	index := make([]int, len(t.shape))
	at := t.offset
	for i := range out {
		out[i] = data[at]
		for d := len(index) - 1; d >= 0; d-- {
			if index[d]++; index[d] < t.shape[d] {
				at += t.stride[d]
				break
			}
			at -= int64(t.shape[d]-1) * t.stride[d]
			index[d] = 0
		}
	}
	return out
}
