// Package plantest is the conformance suite of devices: it tests the contract of plan.Device, and
// operations against values computed with PyTorch.
package plantest
