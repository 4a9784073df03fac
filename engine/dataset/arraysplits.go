package dataset

import (
	"fmt"
	"slices"
	"strings"
)

// splitWord returns the split that words of a name say: "train", "val" or "test"; "" if none does.
func splitWord(words []string) string {
	for _, w := range words {
		switch strings.ToLower(w) {
		case "train", "training":
			return "train"
		case "val", "valid", "validation", "dev":
			return "val"
		case "test", "testing", "t10k", "eval":
			return "test"
		}
	}
	return ""
}

// chooseSplits takes the training and the test images from splits with the names of their files. The
// validation images stand for test images if there are none.
func (d *Data) chooseSplits(splits map[string]Set) error {
	take := map[string]Set{}
	for name, s := range splits {
		take[splitWord([]string{name})] = s
	}
	if len(splits) == 0 || len(take) != len(splits) {
		return fmt.Errorf("%s: several files of the same split: keep one in this folder", d.Dir)
	}
	d.Train, d.Test = take["train"], take["test"]
	switch val := take["val"]; {
	case d.Test == nil && val != nil:
		d.Test = val
		d.note("the test images are those of the validation split")
	case val != nil:
		d.note("the validation split, %d images, is not used: test images are those of the test split", val.Len())
	}
	if d.Test == nil && take[""] != nil {
		d.Test = take[""]
	}
	if d.Test == nil {
		d.Test, d.Train = d.Train, nil
		d.note("the images are those of the training split, the only one here")
	}
	return nil
}

// sortedSplits returns the names of splits in order.
func sortedSplits[T any](splits map[string]T) []string {
	var names []string
	for name := range splits {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
