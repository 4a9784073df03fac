package cpu

// flatten turns images into rows of a matrix, channel by channel.
func (c *compiler) flatten(x, y *tensor) func() {
	return c.rowsOf(y, func(n int) {
		x.store(n, y.values(n))
		y.fill(n)
	})
}

// unflatten turns rows of a matrix into images.
func (c *compiler) unflatten(x, y *tensor) func() {
	one, zero := ones(y.c), perChannel(y.c)
	return c.rowsOf(x, func(n int) { y.load(n, x.values(n), one, zero) })
}

// row copies one row of a flat matrix.
func (c *compiler) row(x *tensor, index int, y *tensor) func() {
	return func() { copy(y.data[:y.n], x.data[index*y.n:]) }
}
