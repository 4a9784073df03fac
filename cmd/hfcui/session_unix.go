//go:build unix

package main

import "syscall"

// ownSession has a process start in a session of its own, which this terminal's signals do not reach.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
