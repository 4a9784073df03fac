package cpu

import (
	"math"

	"hfcui/engine/op"
)

// rowsOf gives a function that calls f for all rows of a matrix.
func (c *compiler) rowsOf(t *tensor, f func(n int)) func() {
	return c.rowsBy(t, func(_, n int) { f(n) })
}

// rowsBy does the same and tells f which worker calls.
func (c *compiler) rowsBy(t *tensor, f func(worker, n int)) func() {
	each := max(1, 4096/t.image()) // values a chunk, so many exponentials being worth sharing
	body := func(worker, i int) {
		for n := i * each; n < min(t.n, (i+1)*each); n++ {
			f(worker, n)
		}
	}
	chunks := (t.n + each - 1) / each
	return func() { c.pool.each(chunks, body) }
}

// values are row n of a matrix.
func (t *tensor) values(n int) []float32 { return t.data[n*t.image():][:t.c] }

// fill makes what fills up row n of a matrix to whole blocks zero.
func (t *tensor) fill(n int) { clear(t.data[n*t.image()+t.c : (n+1)*t.image()]) }

// exponentials gives exp(z − the largest z) for row n of z, in y, which has place for whole
// blocks, and their sum. Taking the largest away keeps them from overflowing.
func (c *compiler) exponentials(z *tensor, n int, y []float32) (largest float32, sum float64) {
	row := z.values(n)
	largest = row[0]
	for _, v := range row {
		largest = max(largest, v) // NaN if there is one
	}
	y[0] = largest // a variable's address would be an allocation
	c.kernels.Exponentials(&row[0], &y[0], &y[0], z.image())
	for _, v := range y[:z.c] {
		sum += float64(v)
	}
	return largest, sum
}

// crossEntropy is the mean over rows, or the sum, of −Σ target·log softmax(z).
func (c *compiler) crossEntropy(o op.SoftmaxCrossEntropy, z, target, loss *tensor) func() {
	rows := make([]float64, z.n)
	scratch := make([][]float32, c.pool.threads)
	for i := range scratch {
		scratch[i] = aligned(z.image())
	}
	all := c.rowsBy(z, func(worker, n int) {
		largest, exponentials := c.exponentials(z, n, scratch[worker])
		shift, sum := float64(largest)+math.Log(exponentials), 0.0
		in := z.values(n)
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
		loss.data[0] = float32(sum / op.SoftmaxCrossEntropyGrad(o).Images(z.n))
	}
}

// crossEntropyGrad is the gradient of dloss times that with respect to z.
func (c *compiler) crossEntropyGrad(o op.SoftmaxCrossEntropyGrad, z, target, dloss, dz *tensor) func() {
	return c.rowsOf(z, func(n int) {
		out, want := dz.data[n*dz.image():][:dz.image()], target.values(n)
		_, sum := c.exponentials(z, n, out)
		scale, total := float64(dloss.data[0])/o.Images(z.n), 0.0
		for _, t := range want {
			total += float64(t)
		}
		for k, v := range out[:dz.c] {
			out[k] = float32((float64(v)/sum*total - float64(want[k])) * scale)
		}
		dz.fill(n)
	})
}

// dlr is the sum over rows of the difference-of-logits ratio. There are few classes,
// so that it is not worth sharing.
func (c *compiler) dlr(o op.DLR, z, target, loss *tensor) func() {
	return func() {
		sum := 0.0
		for n := range z.n {
			sum += o.Row(z.values(n), op.LabelOf(target.values(n)))
		}
		loss.data[0] = float32(sum)
	}
}

// dlrGrad is the gradient of dloss times that with respect to z.
func (c *compiler) dlrGrad(o op.DLRGrad, z, target, dloss, dz *tensor) func() {
	return c.rowsOf(z, func(n int) {
		o.Row(dz.values(n), z.values(n), op.LabelOf(target.values(n)), dloss.data[0])
		dz.fill(n)
	})
}
