// Package graph describes a convolutional network as data: a list of nodes, each an operator
// with its attributes, that read the images, results of earlier nodes and tensors by name.
// A description comes from an ONNX file (package onnx) or from the metadata of a model saved
// before; it is checked before anything relies on it.
//
// Build is the one interpreter: it applies package op's operations to a Builder, which makes
// a Gorgonia graph of them or only collects parameters and shapes.
package graph
