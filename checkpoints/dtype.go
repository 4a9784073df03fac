package checkpoints

import (
	"encoding/binary"
	"io"
	"math"
)

// dtype is a storage type, little-endian.
type dtype struct {
	size   int                             // bytes per element
	decode func(dst []float32, src []byte) // len(src) is size*len(dst)
}

var (
	float64Type  = &dtype{8, decodeF64}
	float32Type  = &dtype{4, decodeF32}
	float16Type  = &dtype{2, decodeF16}
	bfloat16Type = &dtype{2, decodeBF16}
	int64Type    = &dtype{8, decodeI64}
	int32Type    = &dtype{4, decodeI32}
	int16Type    = &dtype{2, decodeI16}
	int8Type     = &dtype{1, decodeI8}
	uint8Type    = &dtype{1, decodeU8}
	boolType     = &dtype{1, decodeBool}
	uint16Type   = &dtype{2, decodeU16}
	uint32Type   = &dtype{4, decodeU32}
	uint64Type   = &dtype{8, decodeU64}

	float8E4M3Type = &dtype{1, decodeE4M3}
	float8E5M2Type = &dtype{1, decodeE5M2}
)

// integer reports whether the type is an integer type.
func (t *dtype) integer() bool {
	switch t {
	case int64Type, int32Type, int16Type, int8Type, uint8Type, uint16Type, uint32Type, uint64Type, boolType:
		return true
	}
	return false
}

// readElements fills dst from r through buf, which holds at least one element, so that a large
// tensor is in memory only once.
func readElements(r io.Reader, t *dtype, dst []float32, buf []byte) error {
	for len(dst) > 0 {
		n := min(len(dst), len(buf)/t.size)
		if _, err := io.ReadFull(r, buf[:n*t.size]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		t.decode(dst[:n], buf[:n*t.size])
		dst = dst[n:]
	}
	return nil
}

// decodeF64 rounds to nearest; values beyond float32's range become infinite.
func decodeF64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
	}
}

func decodeF32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = Half(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

func decodeBF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
}

func decodeI64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int64(binary.LittleEndian.Uint64(src[8*i:])))
	}
}

func decodeI32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int32(binary.LittleEndian.Uint32(src[4*i:])))
	}
}

func decodeI16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int16(binary.LittleEndian.Uint16(src[2*i:])))
	}
}

func decodeI8(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(int8(src[i]))
	}
}

func decodeU8(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(src[i])
	}
}

func decodeBool(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = 0
		if src[i] != 0 {
			dst[i] = 1
		}
	}
}

func decodeU16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

func decodeU32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeU64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(binary.LittleEndian.Uint64(src[8*i:]))
	}
}

// decodeE5M2 converts E5M2 floats, the upper byte of a half.
func decodeE5M2(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = Half(uint16(src[i]) << 8)
	}
}

// decodeE4M3 converts E4M3 floats without infinities: sign, four exponent bits (bias 7), three
// fraction bits.
func decodeE4M3(dst []float32, src []byte) {
	for i := range dst {
		sign, magnitude := uint32(src[i]>>7)<<31, uint32(src[i])&0x7f
		switch {
		case magnitude == 0x7f:
			dst[i] = float32(math.NaN())
		case magnitude < 8: // subnormal
			dst[i] = math.Float32frombits(sign | math.Float32bits(float32(magnitude)/512))
		default:
			dst[i] = math.Float32frombits(sign | (magnitude<<20 + (127-7)<<23))
		}
	}
}

// Half converts an IEEE 754 binary16 exactly, including subnormals, infinities and NaNs.
func Half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0: // fraction · 2⁻²⁴, a normal number in float32
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
