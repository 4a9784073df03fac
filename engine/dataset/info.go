package dataset

// Info describes a dataset, for display and as JSON.
type Info struct {
	Name    string      `json:"name"`
	Layout  Layout      `json:"layout"`
	Dir     string      `json:"dir,omitempty"`
	Classes []string    `json:"classes"` // null if labels are unknown
	Splits  []SplitInfo `json:"splits"`

	Corruption  string       `json:"corruption,omitempty"`  // of the test images described
	Severity    int          `json:"severity,omitempty"`    // its severity
	Corruptions []Corruption `json:"corruptions,omitempty"` // to choose from
	Notes       []string     `json:"notes,omitempty"`       // what was skipped or assumed
}

// SplitInfo describes one split.
type SplitInfo struct {
	Split    string `json:"split"`
	Images   int    `json:"images"`
	Shape    []int  `json:"shape"`     // channels, height, width; null if images may differ
	PerClass []int  `json:"per_class"` // images per class; null if labels are unknown
}

// Info counts images and classes without decoding images.
func (d *Data) Info() Info {
	info := Info{Name: d.Name, Layout: d.Layout, Dir: d.Dir, Classes: d.Test.Classes(),
		Corruption: d.Corruption, Severity: d.Severity, Corruptions: d.Corruptions(), Notes: d.Notes}
	for _, split := range d.Splits() {
		s := d.Set(split)
		i := SplitInfo{Split: split, Images: s.Len()}
		if c, h, w := s.Shape(); c > 0 {
			i.Shape = []int{c, h, w}
		}
		if s.Classes() != nil {
			i.PerClass = make([]int, len(s.Classes()))
			for k := range s.Len() {
				i.PerClass[s.Label(k)]++
			}
		}
		info.Splits = append(info.Splits, i)
	}
	return info
}
