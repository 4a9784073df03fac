package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Neither avo nor Go's assembler knows the instructions of AVX512_BF16. They are put among
// the others by name, get their registers like them, and become bytes at last, when the
// file has been written: see assemble.

const bf16ISA = "AVX512_BF16"

// VDPBF16PS adds to each float32 of sum the products of a pair of bf16: of a and of b.
func VDPBF16PS(a, b, sum VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VDPBF16PS",
		Operands: []operand.Op{a, b, sum}, Inputs: []operand.Op{a, b, sum}, Outputs: []operand.Op{sum},
		ISA: []string{bf16ISA},
	})
}

// VCVTNEPS2BF16 rounds the sixteen float32 of v to bf16 in half, a register of 32 bytes.
func VCVTNEPS2BF16(v, half VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VCVTNEPS2BF16",
		Operands: []operand.Op{v, half}, Inputs: []operand.Op{v}, Outputs: []operand.Op{half},
		ISA: []string{bf16ISA},
	})
}

// VCVTNE2PS2BF16 rounds 32 float32 to bf16 in to: those of low, then those of high.
func VCVTNE2PS2BF16(low, high, to VecVirtual) {
	Instruction(&ir.Instruction{
		Opcode:   "VCVTNE2PS2BF16",
		Operands: []operand.Op{low, high, to}, Inputs: []operand.Op{low, high}, Outputs: []operand.Op{to},
		ISA: []string{bf16ISA},
	})
}

// encodings are the instructions' opcodes in EVEX map 0F38 and mandatory prefixes (pp).
var encodings = map[string]struct{ opcode, prefix int }{
	"VDPBF16PS":      {0x52, 2},
	"VCVTNEPS2BF16":  {0x72, 2},
	"VCVTNE2PS2BF16": {0x72, 3},
}

var unknown = regexp.MustCompile(`(?m)^\t(V\w*BF16\w*)\s+([XYZ0-9, ]+)$`)

// assemble replaces the instructions in the written file by their bytes.
func assemble() {
	name := flag.Lookup("out").Value.String()
	if name == "" || name == "-" {
		return
	}
	text, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	text = unknown.ReplaceAllFunc(text, func(line []byte) []byte {
		m := unknown.FindSubmatch(line)
		return evex(string(m[1]), string(m[2]))
	})
	if err := os.WriteFile(name, text, 0o666); err != nil {
		log.Fatal(err)
	}
}

// evex is an instruction of 512-bit registers, given in Go's order, in bytes.
func evex(name, operands string) []byte {
	code, ok := encodings[name]
	if !ok {
		log.Fatalf("gen: no bytes for %s", name)
	}
	var regs []int
	for _, r := range regexp.MustCompile(`\d+`).FindAllString(operands, -1) {
		n, _ := strconv.Atoi(r)
		regs = append(regs, n)
	}
	rm, to, second := regs[0], regs[len(regs)-1], 0
	if len(regs) == 3 {
		second = regs[1]
	}
	// A register's bit n, inverted, in place `at` of a byte.
	not := func(r, n, at int) int { return (^r >> n & 1) << at }
	b := []int{
		0x62,
		not(to, 3, 7) | not(rm, 4, 6) | not(rm, 3, 5) | not(to, 4, 4) | 2,
		^second&15<<3 | 4 | code.prefix,
		2<<5 | not(second, 4, 3),
		code.opcode,
		0xc0 | to&7<<3 | rm&7,
	}
	return fmt.Appendf(nil, "\tLONG $0x%02x%02x%02x%02x; WORD $0x%02x%02x // %s %s", b[3], b[2], b[1], b[0], b[5], b[4], name, operands)
}
