// Package op defines the operations of networks. Each is a small exported struct whose fields are
// its attributes, with a reference implementation in plain Go: devices recognize the struct and run
// an optimized kernel, which tests compare with the reference.
//
// Arrays are float32, row-major;
// images and activations are NCHW, convolution weights OIHW, matrices [rows, columns]. Apply adds
// an operation to a Gorgonia graph, where Gorgonia differentiates it by its Gradients.
package op
