//go:build !amd64

package kernel

// native is the kernels in assembly: none here.
func native() []*Set { return nil }

// nativeBF16 is those for BF16.
func nativeBF16() []*Set { return nil }
