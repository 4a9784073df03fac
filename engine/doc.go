// Package engine opens one model and one data set for exploration. A Lab is what the
// terminal program and the commands talk to; the packages below it each do one thing:
// dataset reads images, nets builds networks as Gorgonia graphs, plan lowers them to
// programs, cpu runs those, train and bands use them.
package engine
