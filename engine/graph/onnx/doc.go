// Package onnx reads ONNX files (https://onnx.ai, opsets 7 to 24) into weights and a description of
// the network (package graph), and writes them (opset 17).
//
// Files are untrusted: lengths are checked against the data before memory is allocated, nesting of
// subgraphs is limited, and external data is read from the file's own folder only. Unsupported
// features are errors that name the operator and its node.
//
// Import: wire.go and tensor.go parse the protobuf, import.go iterates over the nodes, constant.go,
// fold.go and arithmetic.go fold constants (mostly shapes), layers.go, elementwise.go, pool.go,
// reshape.go and rearrange.go convert operators, simplify.go fuses patterns that exporters
// decompose, and finish.go selects the output.
//
// Export: export.go has the table of operators, write.go iterates over the nodes, writewire.go
// encodes the protobuf. An exported graph is imported as the same graph.
package onnx
