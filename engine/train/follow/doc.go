// Package follow follows training in other processes: run folders of this program, on this or
// another machine, and folders to which PyTorch saves state dicts.
//
// It polls files' sizes and times twenty times per second and reads what is new, which costs the
// writer nothing and works on network file systems, which do not report changes.
package follow
