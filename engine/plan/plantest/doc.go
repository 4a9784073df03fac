// Package plantest holds any device against the contract of plan.Device and single operations
// against values PyTorch computed. The reference device and every other run the same tests.
package plantest
