package dataset

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hfcui/engine/imagefile"
)

// mostList bounds the size of a list of labels: that of ImageNet's training images has 60 MB.
const mostList = 256 << 20

// labelList is a list of the labels of images.
type labelList struct {
	name   string // of its file
	base   string // the folder that its names are relative to
	labels map[string]string
	idNote string
}

// of returns the label of an image file, by its path from the list's folder, its name, or its name
// without extension.
func (l *labelList) of(dir *folder, name string) (string, bool) {
	if rel, err := filepath.Rel(l.base, filepath.Join(dir.path, name)); err == nil {
		if class, ok := l.labels[filepath.ToSlash(rel)]; ok {
			return class, true
		}
	}
	if class, ok := l.labels[name]; ok {
		return class, true
	}
	class, ok := l.labels[strings.TrimSuffix(name, filepath.Ext(name))]
	return class, ok
}

// listNames are the names of lists beside images, without extension, in the order they are tried,
// after that of the folder.
var listNames = []string{"metadata", "val_annotations", "annotations", "labels", "_classes"}

// listTypes are the types of lists, by extension.
var listTypes = map[string]func(data []byte) (rows [][2]string, err error){".csv": csvRows, ".tsv": csvRows, ".jsonl": jsonRows, ".txt": textRows}

// findLabels looks for the list of labels of the images in at, which is dir or in it; nil if there is
// none.
func findLabels(dir, at *folder) (*labelList, error) {
	names := append([]string{at.name, dir.name}, listNames...)
	for _, place := range []*folder{at, dir, dir.parent} {
		if place == nil {
			continue
		}
		for _, name := range names {
			for ext := range listTypes {
				if file := place.file(name + ext); file != "" {
					list, err := readList(file, at)
					if list != nil || err != nil {
						return list, err
					}
				}
			}
		}
	}
	return imageNetLabels(at)
}

// rootLists returns the lists of a dataset's folder by their splits: train.csv, test.csv, or
// labels.csv for all.
func rootLists(at *folder) (map[splitKind]*labelList, error) {
	lists := map[splitKind]*labelList{}
	for _, name := range at.others {
		ext := strings.ToLower(filepath.Ext(name))
		stem := strings.ToLower(strings.TrimSuffix(name, filepath.Ext(name)))
		kind, exact := splitOf(stem)
		if listTypes[ext] == nil || !exact && !slices.Contains(listNames, stem) {
			continue
		}
		if kind == noSplit {
			kind = testSplit
		}
		list, err := readList(filepath.Join(at.path, name), nil)
		if err != nil {
			return nil, err
		}
		if list != nil && lists[kind] == nil {
			lists[kind] = list
		}
	}
	return lists, nil
}

// readList reads a list of labels; nil if the file is none, or has none of the images in at, unless
// nil.
func readList(file string, at *folder) (*labelList, error) {
	data, err := readSmall(file, mostList)
	if err != nil {
		return nil, err
	}
	rows, err := listTypes[strings.ToLower(filepath.Ext(file))](data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: correct it, or move it elsewhere", file, err)
	}
	list := &labelList{name: filepath.Base(file), base: filepath.Dir(file), labels: map[string]string{}}
	for _, row := range rows {
		name, label := path.Clean(filepath.ToSlash(row[0])), strings.TrimSpace(row[1])
		if before, ok := list.labels[name]; ok && before != label {
			return nil, fmt.Errorf("%s: %s has the labels %s and %s: correct it, or move it elsewhere", file, name, before, label)
		}
		if label != "" {
			list.labels[name] = label
		}
	}
	if len(list.labels) == 0 {
		return nil, nil
	}
	if at == nil {
		return list, nil
	}
	for _, name := range at.images {
		if _, ok := list.of(at, name); ok {
			return list, nil
		}
	}
	return nil, nil
}

// Names of the columns of images and labels, in the order they are preferred.
var (
	fileColumns  = []string{"file_name", "filename", "file", "image_path", "path", "filepath", "image", "img", "image_id", "imageid", "image_name", "id", "name"}
	labelColumns = []string{"label", "labels", "class", "class_name", "category", "target", "wnid", "predictionstring", "y", "label_name", "breed", "species", "diagnosis"}
)

// columnOf returns the index of the first of some names in a header; −1 if there is none.
func columnOf(header, names []string) int {
	for _, name := range names {
		if i := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.Trim(h, " \ufeff"), name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// csvRows returns the columns of files and labels of a CSV or TSV file with a header; nil if it has
// no such columns.
func csvRows(data []byte) (rows [][2]string, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); !bytes.Contains(first, []byte(",")) {
		for _, comma := range ";\t" {
			if bytes.ContainsRune(first, comma) {
				r.Comma = comma
			}
		}
	}
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	file, label := columnOf(header, fileColumns), columnOf(header, labelColumns)
	if file < 0 || label < 0 {
		return nil, nil
	}
	prediction := strings.EqualFold(header[label], "PredictionString") // Kaggle's: a wnid, then boxes
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if len(record) <= max(file, label) {
			continue
		}
		text := record[label]
		if prediction {
			text, _, _ = strings.Cut(strings.TrimSpace(text), " ")
		}
		rows = append(rows, [2]string{strings.Clone(record[file]), strings.Clone(text)})
	}
}

// jsonRows returns the files and labels of JSON objects, one per line.
func jsonRows(data []byte) (rows [][2]string, err error) {
	for n, line := range bytes.Split(data, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil {
			return nil, fmt.Errorf("line %d is not a JSON object", n+1)
		}
		header := make([]string, 0, len(object))
		for key := range object {
			header = append(header, key)
		}
		file, label := columnOf(header, fileColumns), columnOf(header, labelColumns)
		if file < 0 || label < 0 {
			continue
		}
		var name string
		if json.Unmarshal(object[header[file]], &name) != nil {
			continue
		}
		text := string(object[header[label]])
		if text == "null" {
			continue
		}
		var word string
		if json.Unmarshal([]byte(text), &word) == nil {
			text = word
		}
		rows = append(rows, [2]string{name, text})
	}
	return rows, nil
}

// textRows returns the first two words of lines that start with the name of an image, as
// val_annotations.txt and Caffe's val.txt have them.
func textRows(data []byte) (rows [][2]string, err error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if strings.Contains(lines.Text(), "\t") { // names may have spaces
			words = strings.Split(lines.Text(), "\t")
		}
		if len(words) >= 2 && imagefile.HasName(path.Base(words[0])) {
			rows = append(rows, [2]string{words[0], words[1]})
		}
	}
	return rows, lines.Err()
}

// imageNetVal is the start of the names of ImageNet's validation images, before their number.
const imageNetVal = "ILSVRC2012_val_"

// aboveImages is the number of folders above ImageNet's images in which its lists are looked for:
// Kaggle's archive has four.
const aboveImages = 5

// imageNetLabels returns the labels of ImageNet's validation images: of Kaggle's LOC_val_solution.csv,
// of a list of synsets, or of the development kit. It returns nil if the images are others, or there
// are none of these files in the folders above or in those of the kit beside.
func imageNetLabels(at *folder) (*labelList, error) {
	if len(at.images) == 0 || !strings.HasPrefix(at.images[0], imageNetVal) {
		return nil, nil
	}
	dir := at.path
	for range aboveImages {
		for _, name := range []string{"LOC_val_solution.csv", "imagenet_2012_validation_synset_labels.txt", "ILSVRC2012_validation_ground_truth.txt"} {
			for _, sub := range []string{"", "data", "ILSVRC2012_devkit_t12/data", "ILSVRC2012_devkit_t3/data", "devkit/data", "ILSVRC/devkit/data", "meta"} {
				file := filepath.Join(dir, filepath.FromSlash(sub), name)
				if !exists(file) {
					continue
				}
				if strings.HasSuffix(name, ".csv") {
					return readList(file, at)
				}
				return numberedLabels(file)
			}
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return nil, nil
}

// numberedLabels reads a list whose line i is the label of ImageNet's validation image i, from 1: a
// wnid, or an ILSVRC2012 ID, which the kit's list of synsets translates.
func numberedLabels(file string) (*labelList, error) {
	data, err := readSmall(file, mostList)
	if err != nil {
		return nil, err
	}
	list := &labelList{name: filepath.Base(file), base: filepath.Dir(file), labels: map[string]string{}}
	ids := false
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		label := strings.TrimSpace(line)
		if id, err := strconv.Atoi(label); err == nil && id > 0 {
			ids = true
		} else if !isWNID(label) {
			return nil, fmt.Errorf("%s: line %d is neither a number from 1 nor a wnid: download it again", file, i+1)
		}
		list.labels[fmt.Sprintf("%s%08d", imageNetVal, i+1)] = label
	}
	if !ids {
		return list, nil
	}
	synsets, err := kitSynsets(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	if synsets == nil {
		list.idNote = fmt.Sprintf("the labels of %s are ILSVRC2012 IDs, whose order is not that of a model's outputs: put map_clsloc.txt of the development kit beside it", list.name)
		return list, nil
	}
	for name, label := range list.labels {
		if list.labels[name] = synsets[label]; synsets[label] == "" {
			return nil, fmt.Errorf("%s: ID %s is not in the development kit's list of synsets: download it again", file, label)
		}
	}
	return list, nil
}
