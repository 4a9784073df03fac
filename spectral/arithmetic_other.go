//go:build !amd64

package spectral

// native returns the arithmetics in assembly: none here.
func native() []*arithmetic { return nil }
