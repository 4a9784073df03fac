//go:build !linux

package cl

func rememberSignals() {}

func restoreSignals() {}
