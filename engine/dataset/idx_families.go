package dataset

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	mnistNames   = strings.Fields("0 1 2 3 4 5 6 7 8 9")
	fashionNames = []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
	kmnistNames  = strings.Fields("o ki su tsu na ha ma ya re wo")
)

const (
	digits  = "0123456789"
	capital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	small   = "abcdefghijklmnopqrstuvwxyz"
)

// emnistNames are the classes of EMNIST's splits in the order of their labels, as in torchvision.
// Labels of letters start at 1.
var emnistNames = map[string][]string{
	"byclass":  strings.Split(digits+capital+small, ""),
	"bymerge":  strings.Split(digits+capital+"abdefghnqrt", ""),
	"balanced": strings.Split(digits+capital+"abdefghnqrt", ""),
	"letters":  append([]string{"N/A"}, strings.Split(small, "")...),
	"digits":   mnistNames,
	"mnist":    mnistNames,
}

// idxFamily is a dataset in the IDX layout.
type idxFamily struct {
	name      string
	classes   []string
	transpose bool // images are stored transposed
	note      string
}

// firstLabels are how the labels of datasets begin whose files have the same names.
var firstLabels = []struct {
	family idxFamily
	labels [2][]uint32 // of the training and test images
}{
	{idxFamily{name: "mnist", classes: mnistNames}, [2][]uint32{{5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5}, {7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6}}},
	{idxFamily{name: "fashion-mnist", classes: fashionNames}, [2][]uint32{{9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9}, {9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5}}},
}

// folders are the names of folders of datasets whose files have the same names.
var idxFolders = map[string]idxFamily{
	"mnist":          {name: "mnist", classes: mnistNames},
	"fashionmnist":   {name: "fashion-mnist", classes: fashionNames},
	"kmnist":         {name: "kmnist", classes: kmnistNames},
	"kuzushijimnist": {name: "kmnist", classes: kmnistNames},
	"qmnist":         {name: "qmnist", classes: mnistNames},
}

var notLetters = regexp.MustCompile(`[^a-z]+`)

// familyOf returns the dataset of files with a prefix. Without one it is recognized by its first labels,
// else by the name of its folder; otherwise the classes are numbered.
func familyOf(prefix, dir string, sets map[string]*idxSet) (idxFamily, error) {
	name := strings.TrimSuffix(prefix, "-")
	if split, ok := strings.CutPrefix(name, "emnist-"); ok {
		f := idxFamily{name: name, classes: emnistNames[split], transpose: true, note: "EMNIST's images are stored transposed: they are shown upright"}
		if f.classes == nil {
			return f, fmt.Errorf("%s: no split %s of EMNIST is known: use byclass, bymerge, balanced, letters, digits or mnist", dir, split)
		}
		if split == "letters" {
			f.note += "; labels are 1 to 26 as in the file and in torchvision, so that class 0 (N/A) has no images"
		}
		return f, nil
	}
	if name != "" {
		if f, ok := idxFolders[notLetters.ReplaceAllString(strings.ToLower(name), "")]; ok {
			return f, nil
		}
		return idxFamily{name: name}, nil
	}
	for _, known := range firstLabels {
		for k, split := range []string{"train", "t10k"} {
			if s := sets[split]; s != nil && len(s.labels) >= len(known.labels[k]) && slices.Equal(s.labels[:len(known.labels[k])], known.labels[k]) {
				return known.family, nil
			}
		}
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		full = dir
	}
	if base := filepath.Base(full); base == "raw" || base == "gzip" {
		full = filepath.Dir(full)
	}
	if f, ok := idxFolders[notLetters.ReplaceAllString(strings.ToLower(filepath.Base(full)), "")]; ok {
		return f, nil
	}
	return idxFamily{name: displayName(full), classes: mnistNames}, nil
}

// finish checks the labels of a split and describes its classes and pixels.
func (f *idxFamily) finish(s *idxSet, d *Data) error {
	s.name = d.Name
	if f.classes == nil {
		f.classes = numbered(int(slices.Max(s.labels)) + 1)
	}
	s.classes = f.classes
	for i, label := range s.labels {
		if int(label) < len(f.classes) {
			continue
		}
		do := "download it again"
		if f.name != "" && len(f.classes) == len(mnistNames) {
			do += ", or rename files of EMNIST as they were, e.g. emnist-letters-test-images-idx3-ubyte"
		}
		return fmt.Errorf("%s: record %d: label %d is not in 0…%d: not the labels of %s, or corrupt: %s", s.labelFile, i, label, len(f.classes)-1, f.name, do)
	}
	if f.transpose {
		s.h, s.w = s.w, s.h
		s.pixels = planes(s.h, s.w)
		s.pixels.row, s.pixels.column = 1, s.h
	}
	return nil
}

// numbered returns the names of n classes that have none.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}
