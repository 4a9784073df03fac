//go:build !amd64

package spectral

// native returns no assembly implementations.
func native() []*arithmetic { return nil }
