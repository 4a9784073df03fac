package checkpoints

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// The operations of a pickle that push numbers, text and bytes.

// number runs FLOAT, INT, LONG, BININT, BININT1, BININT2, BINFLOAT, LONG1 and LONG4.
func (m *machine) number(op byte) error {
	switch op {
	case 'F', 'I', 'L':
		return m.writtenNumber(op)
	case 'K', 'M', 'J', 'G':
		b, err := m.in.fixed(map[byte]int{'K': 1, 'M': 2, 'J': 4, 'G': 8}[op])
		if err != nil {
			return err
		}
		switch op {
		case 'K':
			return m.push(int(b[0]))
		case 'M':
			return m.push(int(binary.LittleEndian.Uint16(b)))
		case 'J':
			return m.push(int(int32(binary.LittleEndian.Uint32(b))))
		}
		return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	width := 1
	if op == 0x8b {
		width = 4
	}
	n, err := m.in.length(width)
	if err != nil {
		return err
	}
	if n > maxNumber {
		return fmt.Errorf("has a number of %d bytes; copy or download it again", n)
	}
	b, err := m.in.fixed(int(n))
	if err != nil {
		return err
	}
	return m.push(signed(b))
}

// signed decodes a little-endian two's complement number.
func signed(b []byte) any {
	v := new(big.Int)
	for i := len(b) - 1; i >= 0; i-- {
		v.Or(v.Lsh(v, 8), big.NewInt(int64(b[i])))
	}
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return int(v.Int64())
	}
	return v
}

func (m *machine) writtenNumber(op byte) error {
	b, err := m.in.line(maxNumber)
	if err != nil {
		return err
	}
	text := strings.TrimSuffix(strings.TrimSpace(string(b)), "L")
	if op == 'F' {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return errMalformed
		}
		return m.push(v)
	}
	if op == 'I' && (text == "00" || text == "01") { // booleans in protocol 1
		return m.push(text == "01")
	}
	v, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return errMalformed
	}
	if v.IsInt64() {
		return m.push(int(v.Int64()))
	}
	return m.push(v)
}

// text runs all operations that push text or bytes. Python 2 strings are text.
func (m *machine) text(op byte) error {
	var b []byte
	var err error
	switch op {
	case 'S', 'V':
		if b, err = m.in.line(math.MaxInt); err == nil && op == 'S' {
			b, err = unquote(b)
		}
	case 'U', 0x8c, 'C':
		b, err = m.in.counted(1)
	case 'T', 'X', 'B':
		b, err = m.in.counted(4)
	default:
		b, err = m.in.counted(8)
	}
	if err != nil {
		return err
	}
	if op == 'B' || op == 'C' || op == 0x8e || op == 0x96 {
		return m.push(rawBytes(b))
	}
	return m.push(string(b))
}

// unquote decodes a quoted Python string with the most common escapes.
func unquote(b []byte) ([]byte, error) {
	if len(b) < 2 || b[0] != b[len(b)-1] || b[0] != '\'' && b[0] != '"' {
		return nil, errMalformed
	}
	b = b[1 : len(b)-1]
	if s, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.ReplaceAll(string(b), `\'`, "'"), `"`, `\"`) + `"`); err == nil {
		return []byte(s), nil
	}
	return b, nil
}
