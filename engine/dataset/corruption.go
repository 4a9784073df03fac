package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Corruption is one corruption of a dataset's test images, at the severities that are there, as in
// CIFAR-10-C and ImageNet-C (Hendrycks and Dietterich, 2019).
type Corruption struct {
	Name       string `json:"name"`       // of its file or folder, e.g. "gaussian_noise", safe to print
	Severities []int  `json:"severities"` // ascending, from 1 in the published trees
}

// corruptions is a tree of corrupted copies of test images. A layout that has one sets
// Data.corruptions, and leaves Test to be opened by Data.chooseCorruption.
type corruptions struct {
	list []Corruption // sorted by name
	open func(corruption string, severity int) (Set, error)
}

// Corruptions lists the corruptions of the test images, sorted by name; nil if there is one version
// of them.
func (d *Data) Corruptions() []Corruption {
	if d.corruptions == nil {
		return nil
	}
	return d.corruptions.list
}

// Corrupted opens the test images with a corruption of Corruptions at one of its severities. Image i
// has the same label in all that have as many images. The set is open until Close.
func (d *Data) Corrupted(corruption string, severity int) (Set, error) {
	if d.corruptions == nil {
		return nil, fmt.Errorf("%s has no corruptions to choose from: omit --corruption and --severity", d.Name)
	}
	list := d.corruptions.list
	k := slices.IndexFunc(list, func(c Corruption) bool { return strings.EqualFold(c.Name, corruption) })
	if k < 0 {
		names := make([]string, len(list))
		for i, c := range list {
			names[i] = c.Name
		}
		return nil, fmt.Errorf("%s has no corruption %q: use %s", d.Name, corruption, strings.Join(names, ", "))
	}
	if !slices.Contains(list[k].Severities, severity) {
		return nil, fmt.Errorf("%s has no severity %d of %s: use one of %s", d.Name, severity, list[k].Name, strings.Trim(fmt.Sprint(list[k].Severities), "[]"))
	}
	set, err := d.corruptions.open(list[k].Name, severity)
	if err != nil {
		return nil, err
	}
	return Fitted(set, d.fit), nil
}

// chooseCorruption opens the chosen corruption as Test: by default the first one, at its lowest
// severity. What is open is part of the data's name, which every report states.
func (d *Data) chooseCorruption(corruption string, severity int) error {
	if d.corruptions == nil && corruption == "" && severity == 0 {
		return nil
	}
	if d.corruptions != nil {
		if corruption == "" || severity == 0 {
			d.note("one of %s: choose with --corruption and --severity", counted(len(d.corruptions.list), "corruption", "corruptions"))
		}
		for i, c := range d.corruptions.list {
			if strings.EqualFold(c.Name, corruption) || corruption == "" && i == 0 {
				corruption, severity = c.Name, cmp.Or(severity, c.Severities[0])
				break
			}
		}
	}
	set, err := d.Corrupted(corruption, severity)
	if err != nil {
		return err
	}
	d.Test, d.Corruption, d.Severity = set, corruption, severity
	d.Name = fmt.Sprintf("%s %s %d", d.Name, corruption, severity)
	return nil
}
