//go:build !amd64

package kernel

// native is the kernels in assembly: none here.
func native() []*Set { return nil }
