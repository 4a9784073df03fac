package cpu

import (
	"testing"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/optim"
)

// Updates of as many weights as ResNet-18 has, in bytes read and written.
func BenchmarkUpdate(b *testing.B) {
	const n, chunk = 11_173_962, 1 << 13
	var arrays [4][]float32
	for i := range arrays {
		arrays[i] = make([]float32, n)
	}
	for _, s := range kernel.Sets() {
		d, err := New(Options{ISA: s.Name})
		if err != nil {
			b.Fatal(err)
		}
		d.pool.acquire()
		e := &executable{pool: d.pool, updates: updates(d.kernels)}
		for _, name := range append(optim.Names(), "momentum") {
			rule, rate, err := optim.New(name)
			if err != nil {
				rule, rate = optim.SGD{Momentum: 0.9, WeightDecay: 5e-4}, 0.1
			}
			b.Run(s.Name+"/"+name, func(b *testing.B) {
				u := rule.Update(1, rate)
				body := func(_, i int) {
					from, to := i*chunk, min(n, (i+1)*chunk)
					e.Update(&u, arrays[0][from:to], arrays[1][from:to], arrays[2][from:to], arrays[3][from:to])
				}
				for b.Loop() {
					e.Each((n+chunk-1)/chunk, body)
				}
				streams := 3 + 2*len(rule.State())
				b.ReportMetric(float64(b.N*4*n*streams)/b.Elapsed().Seconds()/1e9, "GB/s")
			})
		}
		d.pool.release()
	}
}
