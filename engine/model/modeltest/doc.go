// Package modeltest holds whole networks on any device against values PyTorch computed: logits,
// losses, gradients and training steps. The reference device and every other run the same
// tests.
package modeltest
