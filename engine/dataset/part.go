package dataset

import (
	"fmt"
	"slices"
	"strings"
)

// part is the images of one split of a tree of folders.
type part struct {
	name    string // of its folder or list
	at      *folder
	layout  Layout
	labeled bool
	images  []located
	idNote  string // why the order of the classes is not that of a model's outputs; "" if it may be
	notes   []string
	skipped skips
}

// located is an image file in a folder.
type located struct {
	dir   *folder
	name  string
	class string // its label, as folders or lists have it
}

// isContainer reports whether a folder of this name has the images of a dataset, or what belongs to
// them, rather than those of a class.
func isContainer(name string) bool {
	kind, exact := splitOf(name)
	return exact && kind != noSplit || slices.Contains([]string{
		"images", "image", "imgs", "img", "jpegimages", "pngimages", "pictures", "photos", "frames", "data", "dataset",
		"annotations", "annotation", "labels", "label", "masks", "mask", "segmentation", "segmentationclass",
		"segmentationobject", "groundtruth", "ground_truth", "gt", "imagesets", "bboxes", "trimaps", "depth", "thumbnails", "unlabeled", "unlabelled",
	}, strings.ToLower(name))
}

// newPart finds the images in a folder: those of its class folders; else those in it, labeled by a
// list if there is one. At most so many wrappers are entered, folders that are alone in theirs. It
// returns nil if there are no images.
func newPart(dir *folder, wrappers int) (*part, error) {
	name := dir.name
	for range wrappers + 1 {
		if err := dir.readDirs(); err != nil {
			return nil, err
		}
		p, err := classFolders(dir)
		if p == nil && err == nil {
			p, err = flatImages(dir)
		}
		if p != nil || err != nil {
			if p != nil {
				p.name = name
			}
			return p, err
		}
		if len(dir.dirs) != 1 {
			return nil, nil
		}
		dir = dir.dirs[0]
	}
	return nil, nil
}

// classFolders returns the images of the class folders in a folder that has been read with its
// subfolders; nil if they are none. As with torchvision's ImageFolder, images of a class may be in
// folders of its folder.
func classFolders(dir *folder) (*part, error) {
	if len(dir.dirs) == 0 || !mayBeClasses(dir) {
		return nil, nil
	}
	if err := dir.readBelow(); err != nil {
		return nil, err
	}
	p := &part{at: dir, layout: ClassFolders, labeled: true}
	var full, empty []*folder
	inFolders := 0
	for _, d := range dir.dirs {
		n := d.imagesBelow()
		if inFolders += n; n > 0 {
			full = append(full, d)
		} else {
			empty = append(empty, d)
		}
	}
	// One folder is a class only if its name is one's.
	if len(full) == 0 || len(full) == 1 && !isWNID(full[0].name) && !isNumber(full[0].name) || len(dir.images) > inFolders {
		return nil, nil
	}
	if leaves := superclasses(full); leaves != nil {
		p.notes = append(p.notes, fmt.Sprintf("the %d classes are the folders in the %d folders of %s", len(leaves), len(full), dir.name))
		full = leaves
	}
	deep := 0
	for _, class := range full {
		class.walk(func(d *folder) {
			if d != class && len(d.images) > 0 && !isContainer(d.name) {
				deep++
			}
			for _, name := range d.images {
				p.images = append(p.images, located{d, name, class.name})
			}
			p.skipped.add(len(d.others), "file that is not an image", "files that are not images")
		})
	}
	if deep > 0 {
		p.notes = append(p.notes, "images in folders of class folders belong to the class: "+counted(deep, "folder", "folders"))
	}
	if len(empty) > 0 {
		p.skipped.add(len(empty), "folder without images ("+empty[0].name+")", "folders without images ("+empty[0].name+", …)")
	}
	p.skipped.add(len(dir.images), "image beside the class folders of "+dir.name, "images beside the class folders of "+dir.name)
	return p, nil
}

// mayBeClasses reports whether the subfolders of a folder, which are read, can be those of classes:
// some have images, or folders, and none of those with images is named as a part of a dataset is.
func mayBeClasses(dir *folder) bool {
	direct, containers, splits := 0, 0, 0
	for _, d := range dir.dirs {
		if len(d.images) == 0 {
			continue
		}
		direct++
		if kind, _ := splitOf(d.name); kind != noSplit && isContainer(d.name) {
			splits++
		} else if isContainer(d.name) {
			containers++
		}
	}
	if direct > 0 {
		return containers == 0 && (splits == 0 || direct > splits+1) // train may be the class of trains
	}
	// No images yet: classes whose folders have folders, e.g. Tiny-ImageNet's n01443537/images.
	if len(dir.dirs) < 2 {
		return false
	}
	for _, d := range dir.dirs {
		if kind, _ := splitOf(d.name); kind != noSplit || isContainer(d.name) || len(d.dirs) == 0 {
			return false
		}
	}
	return true
}

// superclasses returns the classes of folders that are superclasses: they have no images but in
// folders, whose names differ from each other and from theirs, or are wnids. It returns nil if they
// are not. Folders whose folders have the same names, or numbers, are classes with parts.
func superclasses(full []*folder) []*folder {
	var leaves []*folder
	names := map[string]bool{}
	wnids := true
	for _, d := range full {
		if len(d.images) > 0 || isWNID(d.name) {
			return nil
		}
		for _, leaf := range d.dirs {
			if leaf.imagesBelow() == 0 {
				continue
			}
			if names[leaf.name] || isContainer(leaf.name) || isNumber(leaf.name) || strings.HasPrefix(strings.ToLower(leaf.name), strings.ToLower(d.name)) {
				return nil
			}
			names[leaf.name] = true
			wnids = wnids && isWNID(leaf.name)
			leaves = append(leaves, leaf)
		}
	}
	if wnids || len(leaves) >= 2*len(full) && len(full) > 1 {
		return leaves
	}
	return nil
}

// flatImages returns the images in a folder, or in its folder images, that has been read, with the
// labels of a list beside them if there is one; nil if there are no images.
func flatImages(dir *folder) (*part, error) {
	at := dir
	if len(at.images) == 0 {
		for _, d := range dir.dirs {
			if len(d.images) == 0 {
				continue
			}
			if at != dir || !isContainer(d.name) {
				return nil, nil // more than one
			}
			at = d
		}
	}
	if len(at.images) == 0 {
		return nil, nil
	}
	p := &part{at: at, layout: Images}
	list, err := findLabels(dir, at)
	if err != nil {
		return nil, err
	}
	if list == nil {
		for _, name := range at.images {
			p.images = append(p.images, located{at, name, ""})
		}
	} else {
		p.label(list, at)
	}
	p.skipped.add(len(at.dirs), "folder beside the images", "folders beside the images")
	return p, nil
}

// label gives the images below a folder, which has been read, the labels of a list.
func (p *part) label(list *labelList, below *folder) {
	p.labeled, p.layout, p.idNote = true, LabeledImages, list.idNote
	p.notes = append(p.notes, fmt.Sprintf("labels are those of %s", list.name))
	unlabeled := 0
	below.walk(func(d *folder) {
		for _, name := range d.images {
			if class, ok := list.of(d, name); ok {
				p.images = append(p.images, located{d, name, class})
			} else {
				unlabeled++
			}
		}
	})
	p.skipped.add(unlabeled, "image without a label in "+list.name, "images without a label in "+list.name)
	p.skipped.add(len(list.labels)-len(p.images), "label in "+list.name+" without its image", "labels in "+list.name+" without their images")
}

// openLists opens a folder that has lists of labels, e.g. train.csv, of images in it or in its folders.
func (d *Data) openLists(at *folder) (bool, error) {
	lists, err := rootLists(at)
	if len(lists) == 0 || err != nil {
		return false, err
	}
	if err := at.readBelow(); err != nil {
		return false, err
	}
	parts := map[splitKind]*part{}
	for kind, list := range lists {
		p := &part{name: list.name, at: at}
		if p.label(list, at); len(p.images) > 0 {
			if len(lists) > 1 {
				p.skipped = skips{} // the others are of other lists
			}
			parts[kind] = p
		}
	}
	if len(parts) == 0 {
		return false, nil
	}
	return true, d.setSplits(parts)
}
