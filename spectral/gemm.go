package spectral

// gemm sets the m×n matrix c to the product of the m×k matrix a and the k×n matrix b.
// Rows of c, a and b begin ldc, lda and ldb elements apart. c must not overlap a or b.
//
// Four rows of b are added at a time, so that a row of c, which stays in the first-level
// cache, is read and written once for four multiplications.
func gemm(c, a, b []float32, m, n, k, ldc, lda, ldb int) {
	for i := range m {
		row := c[i*ldc:][:n]
		clear(row)
		factors := a[i*lda:][:k]
		p := 0
		for ; p+4 <= k; p += 4 {
			b0 := b[p*ldb:][:len(row)]
			b1 := b[(p+1)*ldb:][:len(row)]
			b2 := b[(p+2)*ldb:][:len(row)]
			b3 := b[(p+3)*ldb:][:len(row)]
			f0, f1, f2, f3 := factors[p], factors[p+1], factors[p+2], factors[p+3]
			for j := range row {
				row[j] += f0*b0[j] + f1*b1[j] + f2*b2[j] + f3*b3[j]
			}
		}
		for ; p < k; p++ {
			b0, f0 := b[p*ldb:][:len(row)], factors[p]
			for j := range row {
				row[j] += f0 * b0[j]
			}
		}
	}
}
