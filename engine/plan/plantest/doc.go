// Package plantest holds any device against values PyTorch computed: single operations,
// whole nets, gradients and training steps. The reference device and every other run the
// same tests.
package plantest
