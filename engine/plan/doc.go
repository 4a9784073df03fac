// Package plan lowers a Gorgonia graph, differentiated or not, to a Program: a flat list of
// instructions in topological order. A Device compiles a Program to an Executable; packages above
// are independent of the device.
package plan
