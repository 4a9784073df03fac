package dataset

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hfcui/engine/dataset/spool"
	"hfcui/engine/imagefile"
)

// The WebDataset layout (https://github.com/webdataset/webdataset): tar archives in which consecutive
// files with the same name up to the first dot are a sample, e.g. 000017.jpg and 000017.cls. Archives
// are indexed when they are opened and images read where they lie.

var tarFiles = regexp.MustCompile(`(?i)\.(tar|tar\.gz|tgz)$`)

// tarShards matches the usual names of shards, e.g. imagenet-train-000017.tar.
var tarShards = regexp.MustCompile(`(?i)(^|[-_.])[0-9]{3,}\.(tar|tar\.gz|tgz)$`)

const (
	maxTarFile  = 64 << 10 // bytes of a label
	maxTarText  = 256      // bytes of a label that is a name
	maxTarBytes = 64 << 30 // of an archive that is unpacked
	manySamples = 256 << 10
)

// tarSample is a sample of an archive.
type tarSample struct {
	shard int32
	at    int64 // of the image
	size  int64
	name  string // of the image
	label tarLabel
	key   string // while the archive is read
}

// tarLabel is the label of a sample: a number or a name.
type tarLabel struct {
	kind   string // extension it comes from; "": none
	number int64
	text   string
}

// shard is an archive.
type shard struct {
	file string
	from io.ReaderAt
}

// openWebDataset opens the archives of a folder, those of a split together, or the one that was opened.
func openWebDataset(ctx context.Context, d *Data, p arrayDir, o Options) error {
	files, err := p.shards(tarFiles)
	if err != nil {
		return err
	}
	d.Name = displayName(p.dir)
	if p.only != "" {
		d.Name = displayName(p.path(tarFiles.ReplaceAllString(p.only, "")))
	}
	var shards []shard
	splits := map[string][]tarSample{}
	skipped := 0
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, size, limit, err := d.openTar(file.path)
		if err != nil {
			return err
		}
		samples, others, err := readTar(from, size, limit, int32(len(shards)))
		if err != nil {
			return fmt.Errorf("%s: %w: write it again", file.path, err)
		}
		splits[file.split] = append(splits[file.split], samples...)
		skipped += others
		shards = append(shards, shard{file.path, from})
	}
	for split, samples := range splits {
		if len(samples) == 0 {
			delete(splits, split)
		}
	}
	if len(splits) == 0 {
		return fmt.Errorf("%s: no images in %s: WebDataset's samples, e.g. 0001.jpg and 0001.cls, were looked for: unpack an archive of another dataset with tar -xf", p.dir, p.listing(tarFiles))
	}
	if skipped > 0 {
		d.note("%d files in archives are neither images nor labels and are skipped", skipped)
	}
	return d.addTarSplits(p, shards, splits, o)
}

// addTarSplits numbers the labels of samples and adds their sets.
func (d *Data) addTarSplits(p arrayDir, shards []shard, splits map[string][]tarSample, o Options) error {
	labels, classes, err := d.tarLabels(p, splits, o)
	if err != nil {
		return err
	}
	sets := map[string]Set{}
	for split, samples := range splits {
		set := newEncoded(d.Name, splitName(split))
		set.classes, set.labels = classes, labels[split]
		set.title = func(i int) string { return samples[i].name }
		set.open = func(i int, read func(io.ReadSeeker) error) error {
			s := samples[i]
			return read(io.NewSectionReader(shards[s.shard].from, s.at, s.size))
		}
		sets[split] = set
	}
	return d.chooseSplits(sets)
}

// openTar opens an archive and returns its size and the most samples it may have; one that is compressed
// is unpacked to a temporary file.
func (d *Data) openTar(file string) (from io.ReaderAt, size int64, samples int, err error) {
	f, size, err := openRegular(file)
	if err != nil {
		return nil, 0, 0, err
	}
	samples = manySamples + int(size/1024)
	if strings.HasSuffix(strings.ToLower(file), ".tar") {
		d.files = append(d.files, f)
		return f, size, samples, nil
	}
	defer f.Close()
	// The size is not known in advance: one pass counts it, another unpacks.
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%s: cannot be unpacked (%w): download it again", file, err)
	}
	unpacked, err := io.Copy(io.Discard, io.LimitReader(z, maxTarBytes+1))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%s: cannot be unpacked (%w): download it again", file, err)
	}
	if err := spool.Inflated(unpacked, size); err != nil {
		return nil, 0, 0, fmt.Errorf("%s: %w: unpack it first", file, err)
	}
	s := spool.Stream(unpacked, func() (io.ReadCloser, error) {
		f, _, err := openRegular(file)
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(f)
		return closing{z, f}, err
	})
	d.files = append(d.files, s)
	return s, unpacked, samples, nil
}

// readTar lists the samples with an image in an archive of size bytes, at most limit, and counts the
// files that are not used.
func readTar(from io.ReaderAt, size int64, limit int, shard int32) (samples []tarSample, skipped int, err error) {
	in := io.NewSectionReader(from, 0, size)
	archive := tar.NewReader(in)
	var now tarSample
	finish := func() {
		if now.name != "" {
			now.key = ""
			samples = append(samples, now)
		}
	}
	for {
		h, err := archive.Next()
		if err == io.EOF {
			finish()
			return samples, skipped, nil
		}
		if err != nil {
			return nil, 0, err
		}
		if h.Typeflag != tar.TypeReg || isSparse(h) {
			continue
		}
		if len(samples) > limit {
			return nil, 0, fmt.Errorf("more than %d samples", limit)
		}
		key, ext := tarName(h.Name)
		if key != now.key {
			finish()
			now = tarSample{shard: shard, key: key}
		}
		at, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, 0, err
		}
		if h.Size > size-at {
			return nil, 0, fmt.Errorf("%.100q ends early", h.Name)
		}
		switch {
		case imagefile.HasName("x." + ext):
			if now.name == "" {
				now.name, now.at, now.size = shortName(h.Name), at, h.Size
			} else {
				skipped++
			}
		case labelRank(ext) > 0 && h.Size <= maxTarFile:
			label, err := readTarLabel(archive, ext)
			if err != nil {
				return nil, 0, fmt.Errorf("%.100q: %w", h.Name, err)
			}
			if labelRank(label.kind) > labelRank(now.label.kind) {
				now.label = label
			}
		default:
			skipped++
		}
	}
}

// shortName returns the last element of a name, or the end of it if it is very long.
func shortName(name string) string {
	base := path.Base(name)
	return strings.Clone(base[max(0, len(base)-maxTarText):])
}

// isSparse reports whether a file's data are not in one piece.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// tarName splits a name at the first dot of its last element; the extension is in lower case.
func tarName(name string) (key, ext string) {
	dir, base := path.Split(name)
	stem, ext, _ := strings.Cut(base, ".")
	return dir + stem, strings.ToLower(ext)
}

// labelRank orders the extensions of labels, of which a sample may have several; 0 is none.
func labelRank(ext string) int {
	return 1 + slices.Index([]string{"json", "txt", "label", "target", "index", "cls.txt", "cls"}, ext)
}

// readTarLabel reads a label.
func readTarLabel(from io.Reader, ext string) (l tarLabel, err error) {
	data, err := io.ReadAll(io.LimitReader(from, maxTarFile))
	if err != nil {
		return l, err
	}
	text := strings.TrimSpace(string(data))
	if ext == "json" {
		if text, err = jsonLabel(data); err != nil || text == "" {
			return l, err
		}
	}
	if len(text) > maxTarText {
		return tarLabel{}, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		if ext == "txt" { // a caption
			return tarLabel{}, nil
		}
		return tarLabel{kind: ext, number: -1, text: strings.Clone(text)}, nil
	}
	return tarLabel{kind: ext, number: number, text: strings.Clone(text)}, nil
}

// jsonLabel returns the label in an object, of the first key there is: "label", "cls", "class_id" or
// "class"; "" if there is none.
func jsonLabel(data []byte) (string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return "", nil // metadata of another form
	}
	for _, key := range []string{"label", "cls", "class_id", "class", "target"} {
		raw, ok := object[key]
		if !ok {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return text, nil
		}
		var number json.Number
		if json.Unmarshal(raw, &number) == nil {
			return number.String(), nil
		}
	}
	return "", nil
}

// tarLabels numbers the labels of all splits: numbers stay as they are, names are sorted.
func (d *Data) tarLabels(p arrayDir, splits map[string][]tarSample, _ Options) (labels map[string][]uint32, classes []string, err error) {
	labels = map[string][]uint32{}
	labeled, numbers, total, most := 0, true, 0, int64(0)
	for split, samples := range splits {
		labels[split] = make([]uint32, len(samples))
		for _, s := range samples {
			total++
			if s.label.kind != "" {
				labeled++
				numbers = numbers && s.label.number >= 0 && s.label.number < maxClasses
				most = max(most, s.label.number)
			}
		}
	}
	if labeled == 0 {
		return labels, nil, nil
	}
	if labeled < total {
		return nil, nil, fmt.Errorf("%s: %d of %d images have no label: add the missing .cls files", p.dir, total-labeled, total)
	}
	var text textLabels
	for _, split := range sortedSplits(splits) {
		for i, s := range splits[split] {
			if numbers {
				labels[split][i] = uint32(s.label.number)
			} else if labels[split][i], err = text.number(s.label.text); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", p.dir, err)
			}
		}
	}
	if !numbers {
		return labels, text.sorted(labels), nil
	}
	names, err := p.classNames(int(most) + 1)
	if names == nil {
		names = numbered(int(most) + 1)
	}
	return labels, names, err
}

// classNames reads the names of at least n classes, one per line, from a file beside archives; nil if
// there is none.
func (p arrayDir) classNames(n int) ([]string, error) {
	for _, name := range []string{"classnames.txt", "classes.txt", "class_names.txt", "labels.txt"} {
		for _, file := range []string{p.path(name), filepath.Join(filepath.Dir(p.dir), name)} {
			if !exists(file) {
				continue
			}
			text, err := readSmall(file, maxNameText)
			if err != nil {
				return nil, err
			}
			if names := textLines(text); len(names) >= n {
				return names, nil
			}
			return nil, fmt.Errorf("%s: fewer class names than the %d labels: fix or delete it", file, n)
		}
	}
	return nil, nil
}
