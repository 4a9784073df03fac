package spectral

import "golang.org/x/sys/cpu"

// native returns the assembly implementations that the processor and the operating system
// support.
func native() []*arithmetic {
	var all []*arithmetic
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		all = append(all, &avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, &avx2)
	}
	return all
}

// The generated functions take arrays as pointers to their first element, because the
// generator does not know this package's types. Ranges of rows are given by their first.

var avx512 = arithmetic{
	name: "avx512",
	fold: func(p *folded, x []float32, h, w int, e *edges) { foldAVX512(&p[0][0], &x[0], h, w, &e[0][0]) },
	columns: func(c, p *folded, t *table, from, to int) {
		columnsAVX512(&c[0][0], &p[from][0], &t[0][from][0], to-from)
	},
	keptColumns: func(c, p *folded, t *table, k *kept, from, to int) {
		keptColumnsAVX512(&c[0][0], &p[from][0], &t[0][from][0], &k[from][0], to-from)
	},
	rows: func(c, p *folded, t *table, from, to int) {
		rowsAVX512(&c[0][0], &p[0][from], &t[0][from][0], to-from)
	},
	unfold: func(y, rest, x []float32, p *folded, h, w int, e *edges) {
		unfoldAVX512(&y[0], &rest[0], &x[0], &p[0][0], h, w, &e[0][0])
	},
	passes: [8]func(y, x, twiddle *complex128, m, s int){
		2: radix2AVX512, 3: radix3AVX512, 4: radix4AVX512, 5: radix5AVX512, 7: radix7AVX512,
	},
	gather: gatherAVX512, scatter: scatterAVX512,
}

var avx2 = arithmetic{
	name: "avx2",
	fold: func(p *folded, x []float32, h, w int, e *edges) { foldAVX2(&p[0][0], &x[0], h, w, &e[0][0]) },
	columns: func(c, p *folded, t *table, from, to int) {
		columnsAVX2(&c[0][0], &p[from][0], &t[0][from][0], to-from)
	},
	keptColumns: func(c, p *folded, t *table, k *kept, from, to int) {
		keptColumnsAVX2(&c[0][0], &p[from][0], &t[0][from][0], &k[from][0], to-from)
	},
	rows: func(c, p *folded, t *table, from, to int) {
		rowsAVX2(&c[0][0], &p[0][from], &t[0][from][0], to-from)
	},
	unfold: func(y, rest, x []float32, p *folded, h, w int, e *edges) {
		unfoldAVX2(&y[0], &rest[0], &x[0], &p[0][0], h, w, &e[0][0])
	},
	passes: [8]func(y, x, twiddle *complex128, m, s int){
		2: radix2AVX2, 3: radix3AVX2, 4: radix4AVX2, 5: radix5AVX2, 7: radix7AVX2,
	},
	gather: gatherAVX2, scatter: scatterAVX2,
}
