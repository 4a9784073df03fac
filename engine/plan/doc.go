// Package plan turns a Gorgonia graph, differentiated or not, into a Program: a flat list
// of instructions in an order they can be run in. A Device compiles a Program into an
// Executable; nothing above this package knows which device it is.
package plan
