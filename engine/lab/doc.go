// Package lab opens one model and one data split for exploration: what the terminal program
// and the commands ask for views, measurements, attacks and trainings. It holds the compiled
// programs, gives foreground requests priority over background work, and remembers results.
package lab
