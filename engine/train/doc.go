// Package train trains a network on a dataset and keeps what happens in a run folder
// that other processes may read at any moment:
//
//	config.json        what determines the result: a Config
//	events.jsonl       what happened: an Event a line
//	model.safetensors  the model at the last checkpoint
//	state.safetensors  everything the run is taken up from: weights, optimizer, position
//	labels.json        the labels trained on, where they are not the data's own
//
// A run is taken up from state.safetensors alone, and everything random in a step is drawn
// from the seed and the step's number. So it does not matter when a process is killed: what
// it had not written yet is done again, bit for bit.
package train
