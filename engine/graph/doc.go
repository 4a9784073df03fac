// Package graph describes a convolutional network as data: a list of nodes, each an operator
// with its attributes, whose inputs are the images, results of earlier nodes and tensors by name.
// A description comes from an ONNX file (package onnx) or from the metadata of a saved model;
// it is untrusted and validated before use.
//
// Build is the only interpreter: it applies the operations of package op to a Builder, which
// builds a Gorgonia graph or only collects parameters and shapes.
package graph
