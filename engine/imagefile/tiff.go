package imagefile

import (
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/image/tiff"
)

// Tags of a TIFF's first directory.
const (
	tagCompression  = 259
	tagPhotometric  = 262
	tagFillOrder    = 266
	tagOrientation  = 274
	tagPlanarConfig = 284
)

func tiffConfig(from io.ReadSeeker) (Config, error) { return standardConfig(tiff.DecodeConfig(from)) }

func decodeTIFF(from io.ReadSeeker, _ Config) (Rows, error) {
	tags, err := tiffTags(from)
	if err != nil {
		return Rows{}, err
	}
	// The decoder ignores these tags where it cannot follow them.
	if tags[tagPlanarConfig] > 1 {
		return Rows{}, errors.New("channels stored in separate planes are not supported")
	}
	fax := tags[tagCompression] == 3 || tags[tagCompression] == 4
	if tags[tagFillOrder] > 1 && !fax {
		return Rows{}, errors.New("reversed bits are not supported")
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return Rows{}, err
	}
	src, err := tiff.Decode(from)
	if err != nil {
		return Rows{}, err
	}
	rows := rowsOf(src)
	if fax && tags[tagPhotometric] == 1 {
		return inverted(rows), nil // the decoder takes white runs for white, which are 0, here black
	}
	return rows, nil
}

// inverted exchanges black and white.
func inverted(src Rows) Rows {
	return Rows{src.C, src.H, src.W, func(y int, to [][]float32) {
		src.Read(y, to)
		for p := range to {
			for x, v := range to[p] {
				to[p][x] = 1 - v
			}
		}
	}}
}

func tiffOrientation(from io.ReadSeeker) (int, error) {
	tags, err := tiffTags(from)
	return int(tags[tagOrientation]), err
}

// tiffTags returns the single numbers (SHORT or LONG) of the first directory of a TIFF file, the form
// that EXIF data has, too.
func tiffTags(from io.ReadSeeker) (map[uint16]uint32, error) {
	var head [8]byte
	if err := readAt(from, 0, head[:]); err != nil {
		return nil, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(head[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return nil, errors.New("not TIFF")
	}
	at := int64(order.Uint32(head[4:]))
	if err := readAt(from, at, head[:2]); err != nil {
		return nil, err
	}
	entries := make([]byte, 12*int(order.Uint16(head[:])))
	if err := readAt(from, at+2, entries); err != nil {
		return nil, err
	}
	tags := map[uint16]uint32{}
	for ; len(entries) > 0; entries = entries[12:] {
		if order.Uint32(entries[4:]) != 1 { // count
			continue
		}
		switch order.Uint16(entries[2:]) {
		case 3:
			tags[order.Uint16(entries)] = uint32(order.Uint16(entries[8:]))
		case 4:
			tags[order.Uint16(entries)] = order.Uint32(entries[8:])
		}
	}
	return tags, nil
}
