// Package onnx reads ONNX files (https://onnx.ai, opsets 7 to 24): it gives their weights and a
// description of their network as package graph has it. It writes them, too, in opset 17.
//
// Files come from anywhere. Nothing in one is believed before it is checked: lengths are held
// against what there is before memory is asked for, subgraphs are not followed, external data
// is read from the file's own folder only. What is not supported is an error that names the
// operator and its node.
//
// From a file to a graph: wire.go and tensor.go read the protobuf, import.go goes through the
// nodes, constant.go, fold.go and arithmetic.go compute what does not depend on images (mostly
// shapes), layers.go, elementwise.go, pool.go, reshape.go and rearrange.go say what operators
// become, and finish.go chooses the output; simplify.go writes what exporters spell out as what
// it is.
//
// From a graph to a file: export.go has the table of operators, write.go goes through the nodes,
// writewire.go writes the protobuf. What is written is read again as the same graph.
package onnx
