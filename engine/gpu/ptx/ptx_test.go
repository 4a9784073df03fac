package ptx

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// kernel is a kernel named k of two parameters, a pointer p and a number n. In %rd1 its body
// has p, in %rd2 the address of the thread's number of 32 bits in p, and in %r1 its index.
func kernel(body string) string {
	return `.version 7.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 k_p, .param .u32 k_n) {
.reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<40>; .reg .f32 %f<40>; .reg .b64 %rd<20>;
.shared .align 16 .b8 s[2048];
ld.param.u64 %rd1, [k_p]; cvta.to.global.u64 %rd1, %rd1;
mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.s32 %r1, %r2, %r3, %r4;
mul.wide.s32 %rd2, %r1, 4; add.s64 %rd2, %rd1, %rd2; mul.lo.s32 %r5, %r4, 4; cvt.u64.u32 %rd3, %r5;
` + body + `
ret;
}
`
}

// firstLine is where a body's first line is.
const firstLine = 10

func parse(t testing.TB, text string) *Module {
	t.Helper()
	m, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func pack(at uint64, n int) []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, at), uint32(n))
}

// execute runs a body on data, which it returns as the kernel left it.
func execute(t testing.TB, body string, groups, threads int, data []uint32) ([]uint32, error) {
	t.Helper()
	m := Machine{Limit: 1 << 16}
	at := m.Alloc(4 * len(data))
	b, err := m.Bytes(at, 4*len(data))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range data {
		binary.LittleEndian.PutUint32(b[4*i:], v)
	}
	err = m.Run(Launch{Kernel: parse(t, kernel(body)).Kernels["k"], Groups: [3]int{groups, 1, 1}, Threads: threads, Params: pack(at, len(data))})
	out := make([]uint32, len(data))
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out, err
}

func TestInstructions(t *testing.T) {
	f := math.Float32bits
	nan := f(float32(math.NaN()))
	for _, c := range []struct {
		text       string // from %r10, %r11, %r12, also as %f10 …, to %r20
		a, b, c, d uint32
	}{
		{"add.s32 %r20, %r10, -1", 3, 0, 0, 2},
		{"sub.s32 %r20, %r10, %r11", 3, 5, 0, 0xfffffffe},
		{"mul.hi.u32 %r20, %r10, %r11", 1 << 31, 6, 0, 3},
		{"mul.hi.s32 %r20, %r10, %r11", 0xffffffff, 6, 0, 0xffffffff},
		{"mad.lo.s32 %r20, %r10, %r11, %r12", 3, 5, 7, 22},
		{"div.s32 %r20, %r10, %r11", 0xfffffff9, 2, 0, 0xfffffffd},
		{"div.s32 %r20, %r10, %r11", 1 << 31, 0xffffffff, 0, 1 << 31},
		{"div.u32 %r20, %r10, %r11", 7, 0, 0, 0xffffffff},
		{"rem.s32 %r20, %r10, %r11", 0xfffffff9, 2, 0, 0xffffffff},
		{"rem.u32 %r20, %r10, %r11", 9, 4, 0, 1},
		{"shl.b32 %r20, %r10, %r11", 1, 32, 0, 0},
		{"shr.s32 %r20, %r10, 40", 1 << 31, 0, 0, 0xffffffff},
		{"shr.u32 %r20, %r10, 31", 1 << 31, 0, 0, 1},
		{"and.b32 %r20, %r10, 12", 10, 0, 0, 8},
		{"or.b32 %r20, %r10, %r11", 10, 5, 0, 15},
		{"xor.b32 %r20, %r10, -1", 10, 0, 0, ^uint32(10)},
		{"not.b32 %r20, %r10", 10, 0, 0, ^uint32(10)},
		{"neg.s32 %r20, %r10", 10, 0, 0, 0xfffffff6},
		{"abs.s32 %r20, %r10", 0xfffffff6, 0, 0, 10},
		{"min.s32 %r20, %r10, %r11", 0xfffffff6, 1, 0, 0xfffffff6},
		{"max.u32 %r20, %r10, %r11", 0xfffffff6, 1, 0, 0xfffffff6},
		{"popc.b32 %r20, %r10", 0xf0f, 0, 0, 8},
		{"clz.b32 %r20, %r10", 0xf0f, 0, 0, 20},
		{"brev.b32 %r20, %r10", 1, 0, 0, 1 << 31},
		{"bfe.u32 %r20, %r10, 4, 8", 0xabcd, 0, 0, 0xbc},
		{"bfe.s32 %r20, %r10, 4, 8", 0xabcd, 0, 0, 0xffffffbc},
		{"bfi.b32 %r20, %r10, %r11, 4, 8", 0xff, 0xf000000f, 0, 0xf0000fff},
		{"prmt.b32 %r20, %r10, %r11, 30240", 0x33221100, 0x77665544, 0, 0x77662200},
		{"shf.l.wrap.b32 %r20, %r10, %r11, 8", 0xaabbccdd, 0x11223344, 0, 0x223344aa},
		{"shf.r.wrap.b32 %r20, %r10, %r11, 8", 0xaabbccdd, 0x11223344, 0, 0x44aabbcc},
		{"lop3.b32 %r20, %r10, %r11, %r12, 150", 0xf0, 0xcc, 0xaa, 0x96},
		{"add.f32 %f20, %f10, %f11", f(1.5), f(2), 0, f(3.5)},
		{"div.rn.f32 %f20, %f10, %f11", f(1), f(3), 0, f(1.0 / 3)},
		{"rcp.rn.f32 %f20, %f10", f(3), 0, 0, f(1.0 / 3)},
		{"sqrt.rn.f32 %f20, %f10", f(2), 0, 0, f(math.Sqrt2)},
		{"neg.f32 %f20, %f10", f(2), 0, 0, f(-2)},
		{"abs.f32 %f20, %f10", f(-2), 0, 0, f(2)},
		{"fma.rn.f32 %f20, %f10, %f11, %f12", f(1 + 1.0/4096), f(1 + 1.0/4096), f(-1), f(1.0/2048 + 1.0/(1<<24))},
		// 1 + 2⁻²⁴ + 2⁻⁶⁰ is above the middle of two numbers; rounded to float64 first, it is not.
		{"fma.rn.f32 %f20, %f10, %f11, %f12", f(1.0 / (1 << 24)), f(1 + 1.0/(1<<20)), f(1), f(1 + 1.0/(1<<23))},
		{"fma.rn.f32 %f20, %f10, %f11, %f12", 0x30000001, 0x1e800000, 0x3f800000, f(1)},
		{"max.f32 %f20, %f10, %f11", nan, f(2), 0, f(2)},
		{"min.f32 %f20, %f10, %f11", f(1), f(2), 0, f(1)},
		{"max.f32 %f20, %f10, %f11", 1 << 31, 0, 0, 0},
		{"max.NaN.f32 %f20, %f10, %f11", nan, f(2), 0, 0x7fffffff},
		{"cvt.rn.f32.s32 %f20, %r10", 0xffffffff, 0, 0, f(-1)},
		{"cvt.rn.f32.u32 %f20, %r10", 0xffffffff, 0, 0, f(1 << 32)},
		{"cvt.rzi.s32.f32 %r20, %f10", f(-2.9), 0, 0, 0xfffffffe},
		{"cvt.rzi.s32.f32 %r20, %f10", f(3e10), 0, 0, 0x7fffffff},
		{"cvt.rzi.u32.f32 %r20, %f10", f(-2.9), 0, 0, 0},
		{"cvt.rzi.s32.f32 %r20, %f10", nan, 0, 0, 0},
		{"cvt.rni.f32.f32 %f20, %f10", f(2.5), 0, 0, f(2)},
		{"cvt.u32.u16 %r20, %rs1", 0, 0, 0, 0xfffe},
		{"cvt.s32.s16 %r20, %rs1", 0, 0, 0, 0xfffffffe},
		{"cvt.rn.bf16x2.f32 %r20, %f10, %f11", f(1), f(2), 0, 0x3f804000},
		{"cvt.rna.tf32.f32 %r20, %f10", 0x3f801000, 0, 0, 0x3f802000},
		{"mov.b32 %r20, {%rs1, %rs2}", 0, 0, 0, 0x0003fffe},
		{"mov.b32 {_, %rs3}, %r10; cvt.u32.u16 %r20, %rs3", 0xabcd1234, 0, 0, 0xabcd},
		{"setp.lt.s32 %p1, %r10, %r11; selp.b32 %r20, 1, 2, %p1", 0xffffffff, 1, 0, 1},
		{"setp.lt.u32 %p1, %r10, %r11; selp.b32 %r20, 1, 2, %p1", 0xffffffff, 1, 0, 2},
		{"setp.neu.f32 %p1, %f10, %f11; selp.b32 %r20, 1, 2, %p1", nan, f(1), 0, 1},
		{"setp.ne.f32 %p1, %f10, %f11; selp.b32 %r20, 1, 2, %p1", nan, f(1), 0, 2},
		{"setp.gt.and.s32 %p1, %r10, %r11, %p0; selp.b32 %r20, 1, 2, %p1", 3, 1, 0, 2},
		{"not.pred %p1, %p0; xor.pred %p2, %p1, %p0; selp.b32 %r20, 1, 2, %p2", 0, 0, 0, 1},
		{"@!%p0 mov.u32 %r20, 7", 0, 0, 0, 7},
		{"mul.wide.s32 %rd9, %r10, %r11; shr.u64 %rd9, %rd9, 32; cvt.u32.u64 %r20, %rd9", 0xffffffff, 2, 0, 0xffffffff},
		{"{ .reg .b32 t; add.s32 t, %r10, 1; mov.b32 %r20, t; } mov.b32 %r21, 0", 1, 0, 0, 2},
		{"st.shared.v2.u32 [s+8], {%r10, %r11}; ld.shared.u64 %rd9, [s+8]; shr.u64 %rd9, %rd9, 32; cvt.u32.u64 %r20, %rd9", 1, 2, 0, 2},
		{"st.shared.u8 [s+3], %r10; ld.shared.s8 %r20, [s+3]", 0x80, 0, 0, 0xffffff80},
		{"cvta.shared.u64 %rd9, %rd0; st.u32 [%rd9+4], %r10; ld.shared.u32 %r20, [s+4]", 5, 0, 0, 5},
	} {
		body := `mov.pred %p0, 0; mov.u64 %rd0, s; mov.b16 %rs1, -2; mov.b16 %rs2, 3; mov.b32 %r20, 0; mov.f32 %f20, 0f00000000;
ld.global.u32 %r10, [%rd1]; ld.global.u32 %r11, [%rd1+4]; ld.global.u32 %r12, [%rd1+8];
mov.b32 %f10, %r10; mov.b32 %f11, %r11; mov.b32 %f12, %r12;
` + c.text + ";\n mov.b32 %r21, %f20; or.b32 %r20, %r20, %r21; st.global.u32 [%rd1+12], %r20;"
		out, err := execute(t, body, 1, 1, []uint32{c.a, c.b, c.c, 0})
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if out[3] != c.d {
			t.Errorf("%s of %#x, %#x, %#x: %#x, want %#x", c.text, c.a, c.b, c.c, out[3], c.d)
		}
	}
}

// TestThreadsPart runs loops of different lengths, a table of branches and guarded ends.
func TestThreadsPart(t *testing.T) {
	const loop = `
mov.u32 %r10, 0; mov.u32 %r11, 0;
$again: setp.ge.s32 %p1, %r10, %r4; @%p1 bra $out;
add.s32 %r11, %r11, %r10; add.s32 %r10, %r10, 1; bra.uni $again;
$out: and.b32 %r12, %r4, 3; brx.idx %r12, $table;
$table: .branchtargets $zero, $one, $zero, $three;
$one: add.s32 %r11, %r11, 1000; bra $end;
$three: setp.gt.s32 %p2, %r4, 50; @%p2 ret; add.s32 %r11, %r11, 3000; bra $end;
$zero: add.s32 %r11, %r11, 5;
$end: st.global.u32 [%rd2], %r11;`
	const threads, groups = 70, 2
	out, err := execute(t, loop, groups, threads, make([]uint32, groups*threads))
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range out {
		n := i % threads
		want := n * (n - 1) / 2
		switch {
		case n%4 == 1:
			want += 1000
		case n%4 == 3 && n > 50:
			want = 0
		case n%4 == 3:
			want += 3000
		default:
			want += 5
		}
		if got != uint32(want) {
			t.Fatalf("thread %d: %d, want %d", i, got, want)
		}
	}
}

// TestFaults checks that what is wrong is found, and where.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, body, problem string
		groups, threads     int
		line, thread        int // in the body, from 0
	}{
		{"past the end", "st.global.u32 [%rd2+4], %r4;", "0 bytes past the end of one of 256", 1, 65, 0, 63},
		{"beyond the end", "ld.global.v2.u32 {%r10, %r11}, [%rd1+248];\nld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%rd1+256];", "0 bytes past the end", 1, 1, 1, 0},
		{"nowhere", "mov.u64 %rd4, 64;\nld.global.u32 %r10, [%rd4];", "no buffer", 1, 1, 1, 0},
		{"misaligned", "ld.global.u64 %rd4, [%rd2];", "misaligned", 1, 2, 0, 1},
		{"shared, outside", "st.shared.u32 [s+2048], %r4;", "out of bounds", 1, 1, 0, 0},
		{"race in shared memory", "mov.u64 %rd5, s; add.s64 %rd5, %rd5, %rd3; st.shared.u32 [%rd5], %r4;\nld.shared.u32 %r10, [%rd5+4];", "race: thread 1 wrote", 1, 2, 1, 0},
		{"two writers", "\nst.shared.u32 [s], %r4;", "race: thread 0 wrote", 1, 2, 1, 1},
		{"write after read", "mov.u64 %rd5, s; add.s64 %rd5, %rd5, %rd3; st.shared.u32 [%rd5], %r4; bar.sync 0; ld.shared.u32 %r10, [s];\nst.shared.u32 [%rd5], %r4;", "race: several threads read", 1, 40, 1, 0},
		{"uninitialized", "bar.sync 0;\nld.shared.u32 %r10, [s+16];", "uninitialized", 1, 1, 1, 0},
		{"race of groups", "\nst.global.u32 [%rd1], %r4;", "race: thread 0 of group [0 0 0] wrote", 2, 1, 1, 0},
		{"a group reads what another writes", "ld.global.u32 %r10, [%rd1+8]; setp.lt.s32 %p1, %r2, 2; @%p1 ret;\nst.global.u32 [%rd1+8], %r4;", "race: another group read", 3, 1, 1, 0},
		{"race in a group", "st.global.u32 [%rd2], %r4;\nld.global.u32 %r10, [%rd1];", "race: thread 0 of group", 1, 2, 1, 1},
		{"others end", "setp.gt.s32 %p1, %r4, 31; @%p1 ret;\nbar.sync 0;", "divergent barrier: 32 of the group's 40 threads wait", 1, 40, 1, 0},
		{"two barriers", "setp.gt.s32 %p1, %r4, 31;\n@%p1 bra $a; bar.sync 0; ret;\n$a: bar.sync 0;", "divergent barrier", 1, 40, 2, 32},
		{"apart", "setp.gt.s32 %p1, %r4, 3; @%p1 bra $a;\nshfl.sync.bfly.b32 %r10, %r4, 1, 31, -1; ret;\n$a: shfl.sync.bfly.b32 %r10, %r4, 1, 31, -1;", "not execute this together", 1, 32, 1, 4},
		{"a copy too early", "cp.async.ca.shared.global [s], [%rd1], 4; cp.async.commit_group;\nld.shared.u32 %r10, [s];", "has not been waited for", 1, 1, 1, 0},
		{"waits for too few", "cp.async.ca.shared.global [s], [%rd1], 4; cp.async.commit_group; cp.async.ca.shared.global [s+4], [%rd1+4], 4; cp.async.commit_group; cp.async.wait_group 1; ld.shared.u32 %r10, [s];\nld.shared.u32 %r10, [s+4];", "has not been waited for", 1, 1, 1, 0},
		{"no end", "$a:\nbra $a;", "endless loop", 1, 1, 1, 0},
		{"off the end", "ret; $a:\nbra $b; $b: @%p0 ret;", "", 1, 1, 0, 0},
	} {
		_, err := execute(t, c.body, c.groups, c.threads, make([]uint32, 64))
		var f *Fault
		if c.problem == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if !errors.As(err, &f) {
			t.Errorf("%s: no fault: %v", c.name, err)
			continue
		}
		if !strings.Contains(f.Problem, c.problem) || f.Line != firstLine+c.line || f.Thread != c.thread {
			t.Errorf("%s: %v; want line %d, thread %d, %q", c.name, err, firstLine+c.line, c.thread, c.problem)
		}
	}
}

// TestNoFault checks that what is allowed is not reported.
func TestNoFault(t *testing.T) {
	for _, c := range []struct {
		name, body string
		groups     int
	}{
		{"each thread its own", "ld.global.u32 %r10, [%rd2]; add.s32 %r10, %r10, 1; st.global.u32 [%rd2], %r10;", 2},
		{"halves of a word", "mul.wide.s32 %rd4, %r1, 2; add.s64 %rd4, %rd1, %rd4; mov.b16 %rs1, 1; st.global.u16 [%rd4], %rs1;", 2},
		{"all read one", "ld.global.u32 %r10, [%rd1];", 2},
		{"over a barrier", "mov.u64 %rd5, s; add.s64 %rd5, %rd5, %rd3; st.shared.u32 [%rd5], %r4; bar.sync 0; xor.b32 %r10, %r5, 4; cvt.u64.u32 %rd6, %r10; mov.u64 %rd5, s; add.s64 %rd6, %rd6, %rd5; ld.shared.u32 %r11, [%rd6]; bar.sync 0; st.shared.u32 [%rd6], %r11;", 2},
		{"global over a barrier", "st.global.u32 [%rd2], %r4; bar.sync 0; mul.lo.s32 %r10, %r2, 256; cvt.u64.u32 %rd4, %r10; add.s64 %rd4, %rd4, %rd1; ld.global.u32 %r11, [%rd4];", 2},
		{"a copy of zeros", "setp.gt.s32 %p1, %r4, 0; @%p1 ret; mov.u64 %rd4, 0; cp.async.cg.shared.global [s], [%rd4], 16, 0; cp.async.wait_all; ld.shared.u32 %r10, [s];", 2},
	} {
		if _, err := execute(t, c.body, c.groups, 64, make([]uint32, 128)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestRanges checks that a launch reaches no other memory than it was given.
func TestRanges(t *testing.T) {
	k := parse(t, kernel("st.global.u32 [%rd2], %r4;")).Kernels["k"]
	var m Machine
	at := m.Alloc(1024)
	launch := Launch{Kernel: k, Groups: [3]int{1, 1, 1}, Threads: 64, Params: pack(at, 0), Ranges: []Range{{at, 128}, {at + 64, 192}}}
	if err := m.Run(launch); err != nil {
		t.Fatal(err)
	}
	launch.Ranges[1].Bytes = 188
	if err := m.Run(launch); err == nil || !strings.Contains(err.Error(), "thread 63") {
		t.Errorf("beyond the ranges: %v", err)
	}
	launch.Ranges[1].Bytes = 2000
	if err := m.Run(launch); err == nil {
		t.Error("a range beyond a buffer is accepted")
	}
	for _, wrong := range []Launch{
		{Kernel: k, Groups: [3]int{0, 1, 1}, Threads: 1, Params: pack(at, 0)},
		{Kernel: k, Groups: [3]int{1 << 20, 1 << 20, 1 << 30}, Threads: 1, Params: pack(at, 0)},
		{Kernel: k, Groups: [3]int{1, 1, 1}, Threads: 2000, Params: pack(at, 0)},
		{Kernel: k, Groups: [3]int{1, 1, 1}, Threads: 1},
	} {
		if err := m.Run(wrong); err == nil {
			t.Errorf("accepted: %v groups, %d threads", wrong.Groups, wrong.Threads)
		}
	}
	if err := m.Free(at); err != nil {
		t.Error(err)
	}
	if err := m.Free(at); err == nil {
		t.Error("freed twice")
	}
	if _, err := m.Bytes(at, 4); err == nil {
		t.Error("read after it was freed")
	}
}

// TestWorkers checks that groups that run at the same time do what they do one by one.
func TestWorkers(t *testing.T) {
	k := parse(t, kernel("ld.global.u32 %r10, [%rd2]; add.s32 %r10, %r10, %r2; st.global.u32 [%rd2], %r10;")).Kernels["k"]
	m := Machine{Workers: 4}
	const groups, threads = 200, 33
	at := m.Alloc(4 * groups * threads)
	if err := m.Run(Launch{Kernel: k, Groups: [3]int{groups, 1, 1}, Threads: threads, Params: pack(at, 0)}); err != nil {
		t.Fatal(err)
	}
	b, _ := m.Bytes(at, 4*groups*threads)
	for i := range groups * threads {
		if got := binary.LittleEndian.Uint32(b[4*i:]); got != uint32(i/threads) {
			t.Fatalf("thread %d: %d", i, got)
		}
	}
	if m.Steps() == 0 {
		t.Error("no steps counted")
	}
}
