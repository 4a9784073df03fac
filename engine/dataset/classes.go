package dataset

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hfcui/engine/printable"
)

// classList is the classes of folders or lists in label order.
type classList struct {
	names   []string          // safe to print
	aliases [][]string        // of each: other names, e.g. its wnid
	label   map[string]uint32 // by name of the folder or label of the list
	notes   []string
}

// newClassList orders classes, by name, or by number if all names are numbers, and names wnids by the
// lists in the folders above the images.
func newClassList(ids []string, at *folder) (*classList, error) {
	c := &classList{label: map[string]uint32{}}
	slices.Sort(ids)
	if len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return !isNumber(id) }) {
		slices.SortStableFunc(ids, func(a, b string) int { return compareNumbers(a, b) })
		if len(ids) > 10 {
			c.notes = append(c.notes, "classes are numbers, in numeric order: torchvision's ImageFolder has them in the order of texts")
		}
	}
	known, file, err := synsetNames(ids, at)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, id := range ids {
		if synonyms := known[id]; len(synonyms) > 0 {
			count[synonyms[0]]++
		}
	}
	for label, id := range ids {
		name := strings.TrimSpace(printable.Line(id))
		var aliases []string
		if synonyms := known[id]; len(synonyms) > 0 {
			aliases = append([]string{name}, synonyms...)
			if name = synonyms[0]; count[name] > 1 { // e.g. crane
				name += " (" + aliases[0] + ")"
			}
		}
		if name == "" {
			name = fmt.Sprintf("class %d", label)
		}
		c.names, c.aliases = append(c.names, name), append(c.aliases, aliases)
		c.label[id] = uint32(label)
	}
	if file != "" {
		c.notes = append(c.notes, "names of classes are those of "+file)
	} else if len(ids) > 0 && isWNID(ids[0]) {
		c.notes = append(c.notes, "classes have the names of their folders: no words.txt or LOC_synset_mapping.txt that names wnids")
	}
	return c, nil
}

// isWNID reports whether s is a WordNet ID, as ImageNet's classes have: n01440764.
func isWNID(s string) bool { return len(s) == 9 && s[0] == 'n' && isNumber(s[1:]) }

// isNumber reports whether s is of decimal digits.
func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// compareNumbers compares numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// synsetFiles are the lists of the names of wnids that come with ImageNet and its relatives.
var synsetFiles = []string{"LOC_synset_mapping.txt", "words.txt", "synset_words.txt", "map_clsloc.txt", "imagenet_class_index.json", "README.txt"}

// mostSynsets bounds the size of such a list: that of all of WordNet has 3 MB.
const mostSynsets = 16 << 20

// synsetNames looks for the names of those classes that are wnids in the folders above their images.
// It returns the names of each, and the file they are from; "" if there is none.
func synsetNames(ids []string, at *folder) (map[string][]string, string, error) {
	if !slices.ContainsFunc(ids, isWNID) {
		return nil, "", nil
	}
	dir := at.path
	for range aboveImages {
		for _, name := range synsetFiles {
			file := filepath.Join(dir, name)
			if !exists(file) {
				continue
			}
			data, err := readSmall(file, mostSynsets)
			if err != nil {
				return nil, "", err
			}
			if all := parseSynsets(data, ids); len(all) > 0 {
				return all, name, nil
			}
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return nil, "", nil
}

// parseSynsets reads the names of wnids from lines "n01440764 tench, Tinca tinca", also with a tab, or
// "n02119789 1 kit_fox", or from the JSON object {"0": ["n01440764", "tench"], …} of Keras.
func parseSynsets(data []byte, ids []string) map[string][]string {
	wanted, all := map[string]bool{}, map[string][]string{}
	for _, id := range ids {
		wanted[id] = true
	}
	var index map[string][]string
	if json.Unmarshal(data, &index) == nil {
		for _, pair := range index {
			if len(pair) == 2 && wanted[pair[0]] {
				all[pair[0]] = synonyms(strings.ReplaceAll(pair[1], "_", " "))
			}
		}
		return all
	}
	for line := range strings.Lines(string(data)) {
		id, rest, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(line), "\t", " "), " ")
		if !wanted[id] {
			continue
		}
		if number, name, ok := strings.Cut(rest, " "); ok && isNumber(number) && !strings.Contains(name, " ") {
			rest = strings.ReplaceAll(name, "_", " ")
		}
		if names := synonyms(rest); len(names) > 0 {
			all[id] = names
		}
	}
	return all
}

// synonyms splits "tench, Tinca tinca".
func synonyms(text string) (names []string) {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(printable.Line(word)); word != "" {
			names = append(names, word)
		}
	}
	return names
}

// kitSynsets returns the wnids of ILSVRC2012 IDs from map_clsloc.txt of a development kit; nil without
// that.
func kitSynsets(dir string) (map[string]string, error) {
	file := filepath.Join(dir, "map_clsloc.txt")
	if !exists(file) {
		return nil, nil
	}
	data, err := readSmall(file, mostSynsets)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) < 2 || !isWNID(words[0]) {
			continue
		}
		if id, err := strconv.Atoi(words[1]); err == nil {
			all[strconv.Itoa(id)] = words[0]
		}
	}
	return all, nil
}
