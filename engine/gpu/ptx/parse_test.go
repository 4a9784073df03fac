package ptx

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestUnknown(t *testing.T) {
	for body, want := range map[string]string{
		"wgmma.fence.sync.aligned;":                 "wgmma.fence.sync.aligned",
		"sin.approx.f32 %f1, %f2;":                  "sin.approx.f32",
		"add.ftz.f32 %f1, %f1, %f2;":                "add.ftz.f32",
		"atom.global.add.f32 %f1, [%rd1], %f2;":     "atom.global.add.f32",
		"bra $nowhere;":                             "no label $nowhere",
		"add.s32 %r1, %r99, 1;":                     "add.s32",
		"add.s32 %tid.x, %r1, 1;":                   "add.s32",
		"add.s32 %p1, %r1, 1;":                      "add.s32",
		"bar.sync 1;":                               "bar.sync",
		"bar.sync 0, 64;":                           "bar.sync",
		"ld.global.u32 %r1, [nothing];":             "no nothing",
		"ld.param.u32 %r1, [k_n+4];":                "outside of the parameters",
		"call f, (%r1);":                            "instead of an operand",
		".local .b8 big[99999999];":                 "instead of a number",
		".reg .b32 %x<99999>;":                      "instead of a number",
		"mov.b32 %r1, {{%rs1}};":                    "vector of vectors",
		"cp.async.cg.shared.global [s], [%rd1], 8;": "cp.async.cg.shared.global",
		"mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 %r1, %r2, %r3, %r4;": "mma.sync",
	} {
		if _, err := Parse(kernel(body)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 10:") {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, text := range []string{".func f() {}", ".visible .entry k(", ".visible .entry k() {", ".visible .entry k() { }", "/*", "\"", "}", "\x00", ".address_size 32"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// tryAll parses text and runs what kernels it has, a few instructions each.
func tryAll(text string) {
	m, err := Parse(text)
	if err != nil {
		return
	}
	machine := Machine{Limit: 2000}
	at := machine.Alloc(4096)
	for _, name := range m.Names() {
		k := m.Kernels[name]
		if k.Shared+k.Local+k.registers > 1<<14 {
			continue
		}
		params := make([]byte, k.paramBytes())
		copy(params, pack(at, 64))
		_ = machine.Run(Launch{Kernel: k, Groups: [3]int{2, 1, 1}, Threads: 33, Params: params})
	}
}

var seeds = []string{
	kernel("st.global.u32 [%rd2], %r4;"),
	kernel(multiplication("m16n8k16.row.col.f32.bf16.bf16", 8, 2, 4, 2)),
	kernel("cp.async.cg.shared.global [s], [%rd1], 16, %r4; cp.async.commit_group; cp.async.wait_group 0; bar.sync 0; ld.shared.v4.u32 {%r10, %r11, %r12, %r13}, [s+16];"),
	kernel("brx.idx %r4, $t; $t: .branchtargets $a, $b; $a: shfl.sync.up.b32 %r1|%p1, %r4, 1, 0, -1; $b: @%p1 bra $a; mov.b32 {%rs1, _}, %r4;"),
	kernel(".local .align 8 .b8 d[16]; mov.u64 %rd4, d; cvta.local.u64 %rd4, %rd4; st.u32 [%rd4+4], %r4; cvta.to.shared.u64 %rd5, %rd4; selp.b32 %r1, %r2, %r3, %p1; cvt.rn.f32.s32 %f1, %r1;"),
}

// TestRandomText checks that no text makes the interpreter panic or run forever.
func TestRandomText(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	words := strings.FieldsFunc(strings.Join(seeds, " "), func(r rune) bool { return r == ' ' || r == '\n' })
	for range 1500 {
		s := seeds[rng.IntN(len(seeds))]
		for range 1 + rng.IntN(4) {
			at := rng.IntN(len(s))
			end := at + rng.IntN(min(12, len(s)-at))
			switch rng.IntN(3) {
			case 0:
				s = s[:at] + s[end:]
			case 1:
				s = s[:at] + words[rng.IntN(len(words))] + s[at:]
			case 2:
				s = s[:at] + string("{}[]();:,@!%0-9xu"[rng.IntN(17)]) + s[end:]
			}
		}
		tryAll(s)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { tryAll(text) })
}
