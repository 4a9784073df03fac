// Package export writes what happened in runs for other programs: CSV, JSON and
// TensorBoard's event files.
package export
