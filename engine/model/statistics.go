package model

import "fmt"

// Statistics selects the mean and variance that batch-norm layers use at evaluation.
type Statistics int

// Running statistics were accumulated in training; batch statistics are those of the batch
// being evaluated, as in the paper's code.
const (
	RunningStatistics Statistics = iota
	BatchStatistics
)

// String returns "running" or "batch".
func (s Statistics) String() string { return [...]string{"running", "batch"}[s] }

// ParseStatistics reads "running" or "batch".
func ParseStatistics(s string) (Statistics, error) {
	switch s {
	case "running":
		return RunningStatistics, nil
	case "batch":
		return BatchStatistics, nil
	}
	return 0, fmt.Errorf("unknown batch-norm mode %q: use running or batch", s)
}
