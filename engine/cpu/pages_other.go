//go:build !linux

package cpu

// adviseHugePages does nothing: see pages_linux.go.
func adviseHugePages([]float32) {}
