//go:build !amd64

package kernel

// peakOf is one kind of multiply-adds.
type peakOf struct {
	name     string
	products int
	multiply func(n int)
}

// peaks are none where there is no assembly.
func peaks() []peakOf { return nil }
