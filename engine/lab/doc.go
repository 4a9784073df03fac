// Package lab opens one model and one data split for exploration. The terminal program and the
// commands request views, measurements, attacks and training from it. It caches compiled programs
// and results, and gives foreground requests priority over background work.
package lab
