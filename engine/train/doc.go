// Package train trains a network on a dataset and records the run in a folder that other processes
// may read at any time:
//
//	config.json        what determines the result: a Config
//	events.jsonl       an Event per line
//	model.safetensors  the model at the last checkpoint
//	state.safetensors  everything needed to resume: weights, optimizer state, position
//	checkpoints        models of earlier epochs, if Config.Keep is set
//	notes.json         remarks of people, see Note
//	labels.json        the labels trained on, if they differ from the dataset's
//
// A run resumes from state.safetensors alone, and the random numbers of a step depend on the seed
// and the step's index only. A process may therefore be killed at any time: what it had not written
// is repeated, bit for bit.
package train
