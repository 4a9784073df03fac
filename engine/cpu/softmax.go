package cpu

import "math"

// logSum is log Σ exp(z), computed so that it overflows for no z.
func logSum(z []float32) float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = math.Max(top, float64(v))
	}
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// rowsOf gives a function that calls f for all rows of a matrix.
func (c *compiler) rowsOf(t *tensor, f func(n int)) func() {
	each := max(1, 4096/t.image()) // values a chunk, so many exponentials being worth sharing
	body := func(_, i int) {
		for n := i * each; n < min(t.n, (i+1)*each); n++ {
			f(n)
		}
	}
	chunks := (t.n + each - 1) / each
	return func() { c.pool.each(chunks, body) }
}

// values are row n of a matrix.
func (t *tensor) values(n int) []float32 { return t.data[n*t.image():][:t.c] }

// fill makes what fills up row n of a matrix to whole blocks zero.
func (t *tensor) fill(n int) { clear(t.data[n*t.image()+t.c : (n+1)*t.image()]) }

func (c *compiler) softmax(z, y *tensor) func() {
	return c.rowsOf(z, func(n int) {
		in, out := z.values(n), y.values(n)
		shift := logSum(in)
		for k, v := range in {
			out[k] = float32(math.Exp(float64(v) - shift))
		}
		y.fill(n)
	})
}

// crossEntropy is the mean over rows of −Σ target·log softmax(z).
func (c *compiler) crossEntropy(z, target, loss *tensor) func() {
	rows := make([]float64, z.n)
	all := c.rowsOf(z, func(n int) {
		in, shift, sum := z.values(n), 0.0, 0.0
		shift = logSum(in)
		for k, t := range target.values(n) {
			if t != 0 { // 0·log 0 is 0
				sum -= float64(t) * (float64(in[k]) - shift)
			}
		}
		rows[n] = sum
	})
	return func() {
		all()
		sum := 0.0
		for _, v := range rows {
			sum += v
		}
		loss.data[0] = float32(sum / float64(z.n))
	}
}

// crossEntropyGrad is the gradient of dloss times that with respect to z.
func (c *compiler) crossEntropyGrad(z, target, dloss, dz *tensor) func() {
	return c.rowsOf(z, func(n int) {
		in, out, want := z.values(n), dz.values(n), target.values(n)
		scale, shift, total := float64(dloss.data[0])/float64(z.n), logSum(in), 0.0
		for _, t := range want {
			total += float64(t)
		}
		for k, v := range in {
			out[k] = float32((math.Exp(float64(v)-shift)*total - float64(want[k])) * scale)
		}
		dz.fill(n)
	})
}
