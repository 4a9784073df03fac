// Package follow reads what others write while they train: run folders, by this program on
// this or another machine, and folders into which PyTorch drops state dicts.
//
// It looks at files' sizes and times twenty times a second and reads what is new: that
// costs the writer nothing and works on folders shared over a network, where no file
// system tells of changes.
package follow
