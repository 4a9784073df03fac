package dataset

import (
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/imagefile"
)

// grow writes files below a folder: images have a pixel whose red is their position in the list.
func grow(t *testing.T, files ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	for i, file := range files {
		name, text, _ := strings.Cut(file, ":")
		data := []byte(text)
		if imagefile.HasName(filepath.Base(name)) {
			data = pngBytes(t, dot(1, 1, color.NRGBA{uint8(i), 0, 0, 255}))
		}
		write(t, dir, name, data)
	}
	return dir
}

// contents describes a set: "cat: a.png b.png; dog: c.png".
func contents(s Set) string {
	if s == nil {
		return "none"
	}
	classes := s.Classes()
	if classes == nil {
		classes = []string{"?"}
	}
	lines := make([]string, len(classes))
	for i, class := range classes {
		lines[i] = class + ":"
		for k := range s.Len() {
			if s.Label(k) == i || s.Label(k) < 0 {
				lines[i] += " " + s.Title(k)
			}
		}
	}
	return strings.Join(lines, "; ")
}

func TestTrees(t *testing.T) {
	for name, c := range map[string]struct {
		files       []string
		train, test string
		notes       []string
	}{
		"a stray image in val is no class": {
			[]string{"train/cat/1.png", "train/dog/2.png", "val/3.png", "val/cat/4.png", "val/dog/5.png"},
			"cat: 1.png; dog: 2.png", "cat: 4.png; dog: 5.png", []string{"1 image beside the class folders of val"}},
		"cases and other names": {
			[]string{"Training/cat/1.png", "Training/dog/2.png", "VALID/cat/4.png", "VALID/dog/5.png"},
			"cat: 1.png; dog: 2.png", "cat: 4.png; dog: 5.png", []string{"those of VALID"}},
		"the set of tests comes before that of validation": {
			[]string{"train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png", "test/a/5.png", "test/b/6.png"},
			"a: 1.png; b: 2.png", "a: 5.png; b: 6.png", []string{"2 images of val not used"}},
		"images without labels are no test set": {
			[]string{"train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png", "test/5.png"},
			"a: 1.png; b: 2.png", "a: 3.png; b: 4.png", []string{"1 image of test not used: no labels"}},
		"folders twice":           {[]string{"seg_train/seg_train/a/1.png", "seg_train/seg_train/b/2.png", "seg_test/seg_test/a/3.png", "seg_test/seg_test/b/4.png"}, "a: 1.png; b: 2.png", "a: 3.png; b: 4.png", nil},
		"COCO has no classes":     {[]string{"train2017/1.png", "val2017/2.png", "annotations/x.json:{}"}, "?: 1.png", "?: 2.png", nil},
		"train may be a class":    {[]string{"train/1.png", "bus/2.png", "car/3.png"}, "none", "bus: 2.png; car: 3.png; train: 1.png", nil},
		"numbers":                 {[]string{"10/a.png", "9/b.png", "2/c.png"}, "none", "2: c.png; 9: b.png; 10: a.png", nil},
		"folders in classes":      {[]string{"cat/a/1.png", "cat/2.png", "dog/a/3.png"}, "none", "cat: 2.png 1.png; dog: 3.png", []string{"belong to the class: 2 folders"}},
		"superclasses":            {[]string{"pets/cat/1.png", "pets/dog/2.png", "cars/van/3.png", "cars/truck/4.png"}, "none", "cat: 1.png; dog: 2.png; truck: 4.png; van: 3.png", []string{"4 classes are the folders in the 2 folders"}},
		"parts are no classes":    {[]string{"cat/day/1.png", "cat/night/2.png", "dog/day/3.png", "dog/night/4.png"}, "none", "cat: 1.png 2.png; dog: 3.png 4.png", nil},
		"skipped things are said": {[]string{"cat/1.png", "cat/x.txt:", "cat/.hidden:", "dog/2.png", "emu/y.txt:", "stray.png"}, "none", "cat: 1.png; dog: 2.png", []string{"skipped: 1 file that is not an image, 1 folder without images (emu), 1 image beside the class folders of data, 1 hidden entry"}},
		"a folder of images":      {[]string{"images/1.png", "images/2.png", "list.md:"}, "none", "?: 1.png 2.png", nil},
		"folders around":          {[]string{"x/ILSVRC/Data/CLS-LOC/train/n00000001/1.png", "x/ILSVRC/Annotations/a.xml:", "x/ILSVRC/Data/CLS-LOC/train/n00000002/2.png"}, "none", "n00000001: 1.png; n00000002: 2.png", nil},
		"Tiny-ImageNet": {
			[]string{"train/n00000002/images/1.png", "train/n00000001/images/2.png", "train/n00000001/boxes.txt:x", "val/images/3.png", "val/images/4.png", "val/val_annotations.txt:3.png\tn00000002\t0\n4.png\tn00000001\t0\n", "test/images/5.png", "words.txt:n00000001\tcat, kitty\nn00000002\tdog\n"},
			"cat: 2.png; dog: 1.png", "cat: 4.png; dog: 3.png", []string{"words.txt", "val_annotations.txt"}},
		"Kaggle's ImageNet": {
			[]string{"ILSVRC/Data/CLS-LOC/train/n00000001/1.png", "ILSVRC/Data/CLS-LOC/train/n00000002/2.png", "ILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_00000001.png", "ILSVRC/Data/CLS-LOC/test/4.png", "LOC_val_solution.csv:ImageId,PredictionString\nILSVRC2012_val_00000001,n00000002 1 2 3 4 \n", "LOC_synset_mapping.txt:n00000001 crane, bird\nn00000002 crane\n"},
			"crane (n00000001): 1.png; crane (n00000002): 2.png", "crane (n00000001):; crane (n00000002): ILSVRC2012_val_00000001.png", nil},
		"ImageNet's kit": {
			[]string{"val/ILSVRC2012_val_00000001.png", "val/ILSVRC2012_val_00000002.png", "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt:2\n1\n", "ILSVRC2012_devkit_t12/data/map_clsloc.txt:n00000009 1 kit_fox\nn00000003 2 hare\n"},
			"none", "n00000003: ILSVRC2012_val_00000001.png; n00000009: ILSVRC2012_val_00000002.png", nil},
		"metadata.csv":   {[]string{"train/1.png", "train/2.png", "train/metadata.csv:file_name,label\n1.png,dog\n2.png,cat\n", "test/3.png", "test/4.png", "test/metadata.csv:file_name,label\n3.png,dog\n"}, "cat: 2.png; dog: 1.png", "cat:; dog: 3.png", []string{"1 image without a label"}},
		"metadata.jsonl": {[]string{"1.png", "2.png", "metadata.jsonl:{\"file_name\":\"1.png\",\"label\":7}\n{\"file_name\":\"2.png\",\"label\":10}\n{\"file_name\":\"3.png\",\"label\":7}\n"}, "none", "7: 1.png; 10: 2.png", []string{"1 label in metadata.jsonl without its image"}},
		"train.csv":      {[]string{"pictures/1.png", "pictures/2.png", "train.csv:image,label\npictures/1.png,x\n", "test.csv:image,label\n2.png,y\n"}, "x: 1.png; y:", "x:; y: 2.png", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, grow(t, c.files...))
			if got := contents(d.Set("train")); got != c.train {
				t.Errorf("train %q, not %q", got, c.train)
			}
			if got := contents(d.Test); got != c.test {
				t.Errorf("test %q, not %q", got, c.test)
			}
			all := strings.Join(d.Notes, "\n")
			for _, note := range c.notes {
				if !strings.Contains(all, note) {
					t.Errorf("notes %q do not say %q", d.Notes, note)
				}
			}
			for i := range d.Test.Len() {
				image1(t, d.Test, i)
			}
		})
	}
}

func TestTreeErrors(t *testing.T) {
	wantError(t, grow(t, "JPEGImages/1.png", "SegmentationClass/2.png"), "no dataset found in JPEGImages, SegmentationClass: looked for class folders")
	wantError(t, grow(t, "1.png", "metadata.csv:file_name,label\n1.png,a\n1.png,b\n"), "metadata.csv: 1.png has the labels a and b")
	wantError(t, grow(t, "1.png", "metadata.jsonl:{\"file_name\""), "metadata.jsonl: line 1 is not a JSON object")
	wantError(t, grow(t, "ILSVRC2012_val_00000001.png", "ILSVRC2012_validation_ground_truth.txt:x\n"), "line 1 is neither")
	dir := grow(t, "ILSVRC2012_val_00000001.png", "ILSVRC2012_validation_ground_truth.txt:5\n")
	if d := open(t, dir); d.Unordered == "" || !slices.Equal(d.Test.Classes(), []string{"5"}) {
		t.Errorf("IDs without synsets: %q of %v", d.Unordered, d.Test.Classes())
	}
}

func TestCorruptionFolders(t *testing.T) {
	var files []string
	for _, c := range []string{"fog", "noise/shot", "noise/gauss"} {
		for s := 1; s < 3; s++ {
			files = append(files, fmt.Sprintf("%s/%d/n00000001/a%d.png", c, s, s), fmt.Sprintf("%s/%d/n00000002/b%d.png", c, s, s))
		}
	}
	dir := grow(t, files...)
	d := open(t, dir)
	if got := fmt.Sprint(d.Corruptions()); got != "[{fog [1 2]} {gauss [1 2]} {shot [1 2]}]" || d.Corruption != "fog" || d.Severity != 1 {
		t.Error(got, d.Corruption, d.Severity)
	}
	d, err := Open(t.Context(), dir, Options{Corruption: "shot", Severity: 2})
	if err != nil || contents(d.Test) != "n00000001: a2.png; n00000002: b2.png" {
		t.Fatal(err, contents(d.Test))
	}
	if set, err := d.Corrupted("gauss", 1); err != nil || contents(set) != "n00000001: a1.png; n00000002: b1.png" {
		t.Error(err)
	}
	if one := open(t, filepath.Join(dir, "fog")); len(one.Corruptions()) != 1 || one.Corruption != "fog" {
		t.Error(one.Corruptions())
	}
	if one := open(t, filepath.Join(dir, "fog", "2")); one.Corruptions() != nil || one.Test.Len() != 2 {
		t.Error(one.Test.Len())
	}
}
