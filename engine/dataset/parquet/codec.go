package parquet

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory of a zstd decoder; Parquet's writers use up to 8 MiB.
const maxWindow = 16 << 20

var errCodec = errors.New("compressed data are invalid")

// decompress reads a page's data, of exactly size bytes decompressed, which the caller has bounded.
func decompress(codec int, from io.Reader, size int) ([]byte, error) {
	dst := make([]byte, size)
	in := bufio.NewReaderSize(from, 64<<10)
	var err error
	switch codec {
	case 0:
		_, err = io.ReadFull(in, dst)
	case 1:
		err = snappy(in, dst)
	case 2:
		var z *gzip.Reader
		if z, err = gzip.NewReader(in); err == nil {
			_, err = io.ReadFull(z, dst)
		}
	case 6:
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(uint64(size)+maxWindow)); err == nil {
			_, err = io.ReadFull(z, dst)
			z.Close()
		}
	case 7:
		err = lz4(in, dst)
	default:
		name := map[int]string{3: "LZO", 4: "Brotli", 5: "LZ4 (Hadoop)"}[codec]
		return nil, fmt.Errorf("compressed with %s (codec %d), not Snappy, gzip, zstd or LZ4: write it again with another compression", name, codec)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%v)", errCodec, err)
	}
	return dst, nil
}

// snappy decodes Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt).
func snappy(in *bufio.Reader, dst []byte) error {
	if n, err := binary.ReadUvarint(in); err != nil || n != uint64(len(dst)) {
		return errCodec
	}
	for at := 0; at < len(dst); {
		tag, err := in.ReadByte()
		if err != nil {
			return err
		}
		length, offset := int(tag>>2)+1, 0
		switch tag & 3 {
		case 0:
			if length > 60 {
				if length, err = little(in, length-60); err != nil {
					return err
				}
				length++
			}
			if length > len(dst)-at {
				return errCodec
			}
			if _, err := io.ReadFull(in, dst[at:at+length]); err != nil {
				return err
			}
			at += length
			continue
		case 1:
			length = int(tag>>2&7) + 4
			offset, err = little(in, 1)
			offset |= int(tag>>5) << 8
		case 2:
			offset, err = little(in, 2)
		case 3:
			offset, err = little(in, 4)
		}
		if err != nil {
			return err
		}
		if at, err = repeat(dst, at, offset, length); err != nil {
			return err
		}
	}
	return nil
}

// lz4 decodes LZ4's block format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
func lz4(in *bufio.Reader, dst []byte) error {
	for at := 0; at < len(dst); {
		token, err := in.ReadByte()
		if err != nil {
			return err
		}
		length, err := extended(in, int(token>>4))
		if err != nil || length > len(dst)-at {
			return errCodec
		}
		if _, err := io.ReadFull(in, dst[at:at+length]); err != nil {
			return err
		}
		if at += length; at == len(dst) { // the last sequence has literals only
			return nil
		}
		offset, err := little(in, 2)
		if err != nil {
			return err
		}
		if length, err = extended(in, int(token&15)); err != nil {
			return err
		}
		if at, err = repeat(dst, at, offset, length+4); err != nil {
			return err
		}
	}
	return nil
}

// extended reads the rest of a length of LZ4 that starts with n of 15.
func extended(in *bufio.Reader, n int) (int, error) {
	if n < 15 {
		return n, nil
	}
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if n += int(b); n > 1<<31 {
			return 0, errCodec
		}
		if b < 255 {
			return n, nil
		}
	}
}

// little reads a little-endian number of n ≤ 4 bytes.
func little(in *bufio.Reader, n int) (v int, err error) {
	for i := range n {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		v |= int(b) << (8 * i)
	}
	return v, nil
}

// repeat copies length bytes from offset bytes before at, one by one: they may overlap.
func repeat(dst []byte, at, offset, length int) (int, error) {
	if offset < 1 || offset > at || length > len(dst)-at {
		return 0, errCodec
	}
	for range length {
		dst[at] = dst[at-offset]
		at++
	}
	return at, nil
}
