// Package export writes the metrics of runs for other programs: CSV, JSON and TensorBoard event
// files.
package export
