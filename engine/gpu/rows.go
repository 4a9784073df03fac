package gpu

import (
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lowerRows lowers operations on rows of matrices, and sums of their columns.
func (c *compiler) lowerRows(in *plan.Instr) bool {
	x, out := c.t(in.In[0]), c.t(in.Out)
	var n, k int
	if shape := in.In[0].Shape; len(shape) == 2 {
		n, k = shape[0], shape[1]
	}
	switch o := in.Op.(type) {
	case op.Softmax:
		c.rows("softmax", n, rowThreads, x, out, k)
	case op.SoftmaxGrad:
		c.rows("softmax_grad", n, rowThreads, x, c.t(in.In[1]), out, k)
	case op.SoftmaxCrossEntropy:
		c.rowSum("cross_entropy", in, float32(op.SoftmaxCrossEntropyGrad(o).Images(n)))
	case op.SoftmaxCrossEntropyGrad:
		c.rows("cross_entropy_grad", n, rowThreads, x, c.t(in.In[1]), c.t(in.In[2]), out, k, float32(o.Images(n)))
	case op.DLR:
		c.rowSum("ratios", in, 1)
	case op.DLRGrad:
		c.rows("ratios_grad", n, rowThreads, x, c.t(in.In[1]), c.t(in.In[2]), out, k)
	case op.Standardize:
		c.rows("standardize", n, maxThreads, x, out, k, float32(o.Epsilon))
	case op.StandardizeGrad:
		c.rows("standardize_grad", n, maxThreads, x, c.t(in.In[1]), out, k, float32(o.Epsilon))
	case op.ColumnSum:
		c.columnSum(x, out, n, k)
	default:
		return false
	}
	return true
}

// rowThreads is the size of groups that have a row of classes.
const rowThreads = 64

// rows launches a kernel with a group for each of n rows.
func (c *compiler) rows(kernel string, n, threads int, args ...any) {
	c.launch(source.Rows(), kernel, [3]int{max(1, n), 1, 1}, threads, args...)
}

// rowSum computes a loss: the sum over rows of what a kernel computes from logits and target, over a
// divisor.
func (c *compiler) rowSum(kernel string, in *plan.Instr, divisor float32) {
	n, k := in.In[0].Shape[0], in.In[0].Shape[1]
	losses := c.temporary(4 * n)
	c.rows(kernel, n, rowThreads, c.t(in.In[0]), c.t(in.In[1]), losses, k)
	c.launch(source.Rows(), "total", [3]int{1, 1, 1}, maxThreads, losses, c.t(in.Out), n, divisor)
}

// columnSum sums the columns of x [n,k]: if they are long, in pieces first.
func (c *compiler) columnSum(x, out *tensor, n, k int) {
	const columns, rows, rowsPerThread = 32, 8, 64
	groups := (k + columns - 1) / columns
	if parts := min((n+rows*rowsPerThread-1)/(rows*rowsPerThread), maxParts); parts > 1 {
		part := c.temporary(4 * parts * k)
		c.launch(source.Rows(), "column_sums", [3]int{parts, groups, 1}, maxThreads, x, part, n, k)
		x, n = part, parts
	}
	c.launch(source.Rows(), "column_sums", [3]int{1, max(1, groups), 1}, maxThreads, x, out, n, k)
}
