// Package op holds the operations networks are made of. Each is a small exported struct
// whose fields are its attributes, with plain Go arithmetic as its definition: devices
// recognize the struct and run something fast, tests compare with what is written here.
//
// Arrays are float32, row-major; images and activations are NCHW, convolution weights
// OIHW, matrices [rows, columns]. Apply puts an operation into a Gorgonia graph, where
// Gorgonia differentiates it with the operations' own Gradients.
package op
