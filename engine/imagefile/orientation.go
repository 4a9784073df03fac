package imagefile

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Orientation returns how a photograph is to be turned according to its EXIF data: 1 (as it is) to 8.
// It is 1 where there is none or it cannot be read.
func Orientation(from io.ReadSeeker) (o int) {
	defer func() {
		if recover() != nil {
			o = 1
		}
	}()
	f, err := formatOf(from)
	if err != nil || f.orientation == nil {
		return 1
	}
	o, err = f.orientation(from)
	if err != nil || o < 1 || o > 8 {
		return 1
	}
	return o
}

// exifOrientation reads EXIF data, with or without its prefix in JPEG files; 0: unknown.
func exifOrientation(data []byte) (int, error) {
	data, _ = bytes.CutPrefix(data, []byte("Exif\x00\x00"))
	return tiffOrientation(bytes.NewReader(data))
}

// mostChunks bounds how many chunks of a PNG or WebP file are looked at.
const mostChunks = 1 << 12

// mostEXIF bounds EXIF data, which has 64 KiB in JPEG files.
const mostEXIF = 1 << 20

// pngOrientation finds the chunk eXIf.
func pngOrientation(from io.ReadSeeker) (int, error) {
	var head [8]byte
	for at, i := int64(8), 0; i < mostChunks; i++ {
		if err := readAt(from, at, head[:]); err != nil {
			return 0, err
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		if string(head[4:]) == "eXIf" && n <= mostEXIF {
			data, err := readUpTo(from, n)
			if err != nil {
				return 0, err
			}
			return exifOrientation(data)
		}
		at += 8 + n + 4
	}
	return 0, nil
}
