package ptx

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestMatrix multiplies A [16,k] and B [k,8], stored as Bᵀ [8,k], with fragments that ldmatrix
// loads, and with fragments that threads load one by one where numbers have 32 bits.
func TestMatrix(t *testing.T) {
	for _, c := range []struct {
		name          string
		k, half, a, b int // numbers in a register; registers of A and B
	}{
		{"m16n8k16.row.col.f32.bf16.bf16", 16, 2, 4, 2},
		{"m16n8k8.row.col.f32.bf16.bf16", 8, 2, 2, 1},
		{"m16n8k8.row.col.f32.tf32.tf32", 8, 1, 4, 2},
		{"m16n8k4.row.col.f32.tf32.tf32", 4, 1, 2, 1},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		width := c.k / c.half // registers in a row
		data := make([]uint32, 16*width+8*width+16*8)
		value := func(row, k int) float64 {
			v := data[row*width+k/c.half]
			if c.half == 1 {
				return float64(float(uint64(v)))
			}
			return float64(bfloat(uint64(v >> (16 * (k % 2)) & 0xffff)))
		}
		for i := range 24 * width {
			data[i] = uint32(toTF32(bits32(float32(rng.NormFloat64()))))
			if c.half == 2 {
				data[i] = uint32(narrow(float32(rng.NormFloat64()))) | uint32(narrow(float32(rng.NormFloat64())))<<16
			}
		}
		out, err := execute(t, multiplication(c.name, width, c.half, c.a, c.b), 1, 32, data)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i := range 16 * 8 {
			want := 1.0
			for k := range c.k {
				want += value(i/8, k) * value(16+i%8, k)
			}
			if got := float(uint64(out[24*width+i])); got != float32(want) {
				t.Fatalf("%s: result %d, %d: %v, want %v", c.name, i/8, i%8, got, want)
			}
		}
	}
}

// multiplication loads fragments as rows of 8 × 16 bytes, or thread by thread (g = lane/4,
// t = lane%4): registers are at (g, t), (g+8, t), (g, t+4), (g+8, t+4), those of B at (t, g),
// (t+4, g), in units of registers.
func multiplication(name string, width, half, a, b int) string {
	var s strings.Builder
	fmt.Fprintf(&s, "shr.u32 %%r10, %%r4, 2; and.b32 %%r11, %%r4, 3; mad.lo.s32 %%r12, %%r10, %d, %%r11; mul.wide.s32 %%rd4, %%r12, 4; add.s64 %%rd4, %%rd1, %%rd4;\n", width)
	for i := range a {
		fmt.Fprintf(&s, "ld.global.u32 %%r%d, [%%rd4+%d];\n", 20+i, 4*(i%2*8*width+i/2*4))
	}
	for i := range b {
		fmt.Fprintf(&s, "ld.global.u32 %%r%d, [%%rd4+%d];\n", 24+i, 4*(16*width+i*4))
	}
	registers := func(kind string, first, n int) string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("%%%s%d", kind, first+i)
		}
		return "{" + strings.Join(names, ", ") + "}"
	}
	s.WriteString("mov.f32 %f20, 0f3F800000; mov.f32 %f21, %f20; mov.f32 %f22, %f20; mov.f32 %f23, %f20;\n")
	fmt.Fprintf(&s, "mma.sync.aligned.%s.f32 %s, %s, %s, %s;\n", name, registers("f", 20, 4), registers("r", 20, a), registers("r", 24, b), registers("f", 20, 4))
	s.WriteString("mad.lo.s32 %r12, %r10, 4, %r11; mul.wide.s32 %rd4, %r12, 8; add.s64 %rd4, %rd1, %rd4;\n")
	fmt.Fprintf(&s, "st.global.v2.f32 [%%rd4+%d], {%%f20, %%f21}; st.global.v2.f32 [%%rd4+%d], {%%f22, %%f23};\n", 4*24*width, 4*(24*width+64))
	return s.String()
}

// TestLoadMatrix loads four matrices of 8 × 8 and writes registers as they are.
func TestLoadMatrix(t *testing.T) {
	for _, trans := range []string{"", ".trans"} {
		body := `mul.wide.s32 %rd4, %r4, 16; add.s64 %rd4, %rd1, %rd4; ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%rd4];
mov.u32 %r9, s; shl.b32 %r14, %r4, 4; add.s32 %r9, %r9, %r14; st.shared.v4.u32 [%r9], {%r10, %r11, %r12, %r13}; bar.sync 0;
ldmatrix.sync.aligned.m8n8.x4` + trans + `.shared.b16 {%r10, %r11, %r12, %r13}, [%r9];
st.global.v4.u32 [%rd4+512], {%r10, %r11, %r12, %r13};`
		data := make([]uint32, 256)
		for i := range 128 {
			data[i] = uint32(2*i) | uint32(2*i+1)<<16 // number i of all has value i
		}
		out, err := execute(t, body, 1, 32, data)
		if err != nil {
			t.Fatal(err)
		}
		for l := range 32 {
			for j := range 4 {
				low, high := l/4*8+l%4*2, l/4*8+l%4*2+1
				if trans != "" {
					low, high = l%4*2*8+l/4, (l%4*2+1)*8+l/4
				}
				want := uint32(64*j+low) | uint32(64*j+high)<<16
				if got := out[128+4*l+j]; got != want {
					t.Fatalf("%s thread %d, matrix %d: %#x, want %#x", trans, l, j, got, want)
				}
			}
		}
	}
}

func TestShuffle(t *testing.T) {
	for _, c := range []struct {
		mode string
		b, c int
		from func(l int) int
	}{
		{"bfly", 8, 31, func(l int) int { return l ^ 8 }},
		{"down", 3, 31, func(l int) int { return l + 3 }},
		{"up", 3, 0, func(l int) int { return l - 3 }},
		{"idx", 5, 31, func(int) int { return 5 }},
		{"down", 4, 0x181f, func(l int) int { return l/8*8 + l%8 + 4 }}, // segments of 8
	} {
		body := fmt.Sprintf("shfl.sync.%s.b32 %%r10|%%p1, %%r4, %d, %d, -1; selp.b32 %%r11, %%r10, -1, %%p1; st.global.u32 [%%rd2], %%r11;", c.mode, c.b, c.c)
		out, err := execute(t, body, 1, 32, make([]uint32, 32))
		if err != nil {
			t.Fatal(err)
		}
		for l, got := range out {
			from := c.from(l)
			if want := uint32(from); from >= 0 && from < 32 && (c.c != 0x181f || l%8 < 4) {
				if got != want {
					t.Errorf("%s: thread %d got %d, want %d", c.mode, l, got, want)
				}
			} else if got != ^uint32(0) {
				t.Errorf("%s: thread %d got %d from outside", c.mode, l, got)
			}
		}
	}
}
