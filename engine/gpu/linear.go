package gpu

import (
	"fmt"

	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// matrixOf is a matrix for a product: element (row, k) is at row·row + k·step.
type matrixOf struct {
	t         *tensor
	row, step int
}

// lowerLinear lowers linear layers and their gradients.
func (c *compiler) lowerLinear(in *plan.Instr) bool {
	v := c.ts(in.In)
	switch in.Op.(type) {
	case op.Linear, plan.FusedLinear:
		_, rectify := in.Op.(plan.FusedLinear)
		k := in.In[0].Shape[1]
		c.multiply(in, matrixOf{v[0], k, 1}, matrixOf{v[1], k, 1}, k, v[2], rectify)
	case op.LinearInputGrad: // dy [N,O] · w [O,I]
		outputs, inputs := in.In[0].Shape[0], in.In[0].Shape[1]
		c.multiply(in, matrixOf{v[1], outputs, 1}, matrixOf{v[0], 1, inputs}, outputs, nil, false)
	case op.LinearWeightGrad: // dyᵀ [O,N] · x [N,I]
		inputs, outputs := in.In[0].Shape[1], in.In[1].Shape[1]
		c.multiply(in, matrixOf{v[1], 1, outputs}, matrixOf{v[0], 1, inputs}, in.In[0].Shape[0], nil, false)
	default:
		return false
	}
	return true
}

// linear launches y = a·bᵀ [rows,columns], whose sums have n products, in splits ranges.
func (c *compiler) linear(bn int, number source.Number, splits int, a, b matrixOf, rows, columns, n int, y, bias *tensor, biased, rectify int) {
	c.launch(source.Linear(bn, number), fmt.Sprint("linear_", bn), [3]int{(rows + 127) / 128, (columns + bn - 1) / bn, splits}, convThreads,
		a.t, b.t, y, bias, rows, columns, n, a.row, a.step, b.row, b.step, biased, rectify)
}

// multiply launches out = a·bᵀ, whose sums have n products, with a bias of out's columns, which may be
// nil. Matrices are float32; unless the data type is, too, matrix instructions round them to TF32.
func (c *compiler) multiply(in *plan.Instr, a, b matrixOf, n int, bias *tensor, rectify bool) {
	out := c.t(in.Out)
	rows, columns := in.Out.Shape[0], in.Out.Shape[1]
	number := source.FP32
	if c.number() != source.FP32 && c.dev.matrix() {
		number = source.TF32
	}
	before, biased := out, 0
	if bias != nil {
		before, biased = bias, 1
	}
	splits := splitsOf(n, 16, (rows+127)/128*((columns+15)/16))
	launch := func(c *compiler, bn int, a, b matrixOf, y, bias *tensor, biased, rectify int) {
		c.linear(bn, number, splits, a, b, rows, columns, n, y, bias, biased, rectify)
	}
	shape := tileShape{kind: "linear", rows: rows, columns: columns, parts: splits, products: n, more: fmt.Sprint(number, a.row == 1, b.row == 1)}
	bn := c.tile(shape, source.LinearTiles(), func(c *compiler, bn int) {
		y := c.like(out)
		y.bytes *= splits
		launch(c, bn, matrixOf{c.like(a.t), a.row, a.step}, matrixOf{c.like(b.t), b.row, b.step}, y, y, 0, 0)
	})
	if splits == 1 {
		launch(c, bn, a, b, out, before, biased, flag(rectify))
		return
	}
	sums := c.temporary(4 * splits * rows * columns)
	launch(c, bn, a, b, sums, sums, 0, 0)
	c.launch(source.Linear(bn, number), "linear_sum", over(rows*columns), maxThreads,
		sums, out, before, rows*columns, splits, columns, biased, flag(rectify))
}
