package measure

import "fmt"

// Partial marks the report of an unfinished measurement, which embeds it; nil in those of finished
// ones.
type Partial struct {
	Complete bool   `json:"complete"` // false
	Done     int    `json:"done"`
	Total    int    `json:"total"`
	Unit     string `json:"unit"` // of Done and Total: "images"
}

// PartialOf returns nil if a measurement is complete.
func PartialOf(complete bool, done, total int, unit string) *Partial {
	if complete {
		return nil
	}
	return &Partial{Done: done, Total: total, Unit: unit}
}

// String is the mark for figures and lists of files: "34 % measured"; empty if complete.
func (p *Partial) String() string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%d %% measured", 100*p.Done/max(1, p.Total))
}
