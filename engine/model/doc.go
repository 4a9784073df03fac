// Package model is a net with its weights: read from and written to checkpoints, evaluated
// and trained on a device. The weights in Model.Weights are the one master copy.
package model
