package kernel

import "golang.org/x/sys/cpu"

// peakOf is one kind of multiply-adds.
type peakOf struct {
	name     string
	products int // in a register
	multiply func(n int)
}

// peaks are those of the instruction sets that can be run here.
func peaks() (p []peakOf) {
	for _, s := range native() {
		switch s.Name {
		case "avx512":
			p = append(p, peakOf{"avx512", 16, peakAVX512})
			if cpu.X86.HasAVX512BF16 {
				p = append(p, peakOf{"avx512-bf16", 32, peakBF16AVX512})
			}
		case "avx2":
			p = append(p, peakOf{"avx2", 8, peakAVX2})
		}
	}
	return p
}
