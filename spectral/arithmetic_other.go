//go:build !amd64

package spectral

// native returns the assembly implementations: none here.
func native() []*arithmetic { return nil }
