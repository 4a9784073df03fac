// Package modeltest tests complete networks on a device against values computed with PyTorch:
// logits, losses, gradients and training steps.
package modeltest
