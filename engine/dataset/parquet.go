package dataset

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"hfcui/engine/dataset/parquet"
	"hfcui/engine/lru"
)

// Parquet files as Hugging Face's datasets have them: a column of images, a struct of bytes and path, or
// of bytes alone, and columns of labels, whose classes the metadata name.

var parquetFiles = regexp.MustCompile(`(?i)\.parquet$`)

const (
	maxShards     = 100_000
	pageCacheMost = 256 << 20 // bytes of pages kept
	pageCacheLow  = 8 << 20
)

// parquetShard is an open file.
type parquetShard struct {
	*parquet.File
	path   string
	size   int64
	schema parquetSchema
}

// parquetSchema are the columns of a file that are used.
type parquetSchema struct {
	image, label *parquet.Column // label may be nil
	classes      []string        // of label; nil if they are not in the metadata
	labels       []string        // names of all columns of labels
}

// openParquet opens the files of a folder, those of a split together, or the one that was opened.
func openParquet(ctx context.Context, d *Data, p arrayDir, o Options) error {
	files, err := p.shards(parquetFiles)
	if err != nil {
		return err
	}
	if len(files) > maxShards {
		return fmt.Errorf("%s: more than %d files", p.dir, maxShards)
	}
	d.Name = displayName(p.dir)
	if p.only != "" {
		d.Name = displayName(p.path(parquetFiles.ReplaceAllString(p.only, "")))
	}
	splits := map[string]*parquetSplit{}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		s, err := d.openShard(file.path, o)
		if err != nil {
			return fmt.Errorf("%s: %w", file.path, err)
		}
		if splits[file.split] == nil {
			splits[file.split] = &parquetSplit{}
		}
		if err := splits[file.split].add(s); err != nil {
			return fmt.Errorf("%s: %w", file.path, err)
		}
	}
	return d.addParquetSplits(splits)
}

// openShard opens a file and finds its columns.
func (d *Data) openShard(file string, o Options) (*parquetShard, error) {
	f, size, err := openRegular(file)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, f)
	const key = "huggingface"
	s := &parquetShard{path: file, size: size}
	if s.File, err = parquet.New(f, size, key); err != nil {
		return nil, broken(err)
	}
	if s.schema, err = findColumns(s.File, s.Metadata(key), o.Labels); err != nil {
		return nil, err
	}
	d.severalLabels = d.severalLabels || len(s.schema.labels) > 1
	return s, nil
}

// feature is the type of a column in the metadata of Hugging Face's datasets.
type feature struct {
	Type  string   `json:"_type"`
	Names []string `json:"names"`
}

// findColumns finds the columns of images and of labels: by the metadata, else by their names.
func findColumns(f *parquet.File, metadata, labels string) (s parquetSchema, err error) {
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	features := map[string]feature{}
	if json.Unmarshal([]byte(metadata), &meta) == nil {
		for name, raw := range meta.Info.Features {
			var one feature
			if json.Unmarshal(raw, &one) == nil { // other forms are lists
				features[name] = one
			}
		}
	}
	var candidates []*parquet.Column
	for i := range f.Columns {
		c := &f.Columns[i]
		top, rest, nested := strings.Cut(c.Path, ".")
		declared := features[top].Type
		blob := c.Kind == parquet.Bytes && !c.Repeated && !c.Text
		switch {
		case blob && (declared == "Image" || declared == "") && (nested && rest == "bytes" || !nested && imageColumn(top)):
			if s.image != nil {
				return s, fmt.Errorf("several columns of images, %.100q and %.100q: keep one of them", s.image.Path, c.Path)
			}
			s.image = c
		case !nested && !c.Repeated && (declared == "ClassLabel" || declared == "" && labelColumn(top) || declared == "Value" && labelColumn(top)):
			candidates = append(candidates, c)
			s.labels = append(s.labels, top)
		}
	}
	if s.image == nil {
		return s, fmt.Errorf("no column of images: a struct with bytes, or bytes called image or img, was looked for")
	}
	s.label, err = chooseLabel(candidates, labels)
	if s.label != nil {
		s.classes = features[s.label.Path].Names
	}
	return s, err
}

func imageColumn(name string) bool {
	return slices.Contains([]string{"image", "img", "images", "picture", "photo", "jpg", "png", "bytes", "image_bytes", "data"}, strings.ToLower(name))
}

func labelColumn(name string) bool {
	name = strings.ToLower(name)
	for _, w := range words(name) {
		if roles[w] == labelsRole {
			return true
		}
	}
	return slices.Contains([]string{"class", "cls", "category"}, name)
}

// chooseLabel chooses a column of labels by its name, e.g. fine_label by "fine" or in full; by default
// one called label, else the fine one, else the only one.
func chooseLabel(all []*parquet.Column, want string) (*parquet.Column, error) {
	names := []string{"label", "labels", "fine_label", "fine_labels"}
	if want != "" {
		names = []string{want, want + "_label", want + "_labels"}
	}
	for _, name := range names {
		for _, c := range all {
			if strings.EqualFold(c.Path, name) {
				return c, nil
			}
		}
	}
	switch {
	case len(all) == 0:
		return nil, nil
	case want == "" && len(all) == 1:
		return all[0], nil
	}
	var have []string
	for _, c := range all {
		have = append(have, shorten(c.Path))
	}
	return nil, fmt.Errorf("several columns of labels: choose one with --labels: %s", strings.Join(have, ", "))
}

// parquetSplit are the files of a split.
type parquetSplit struct {
	shards []*parquetShard
	pages  []parquetPage
	labels []uint32 // numbers in text if labels are strings
	text   textLabels
	rows   int
	none   int // rows without a label: null or −1
}

// parquetPage is a page of images.
type parquetPage struct {
	parquet.Page
	shard *parquetShard
	first int // row of the split
}

// add reads a file's labels and finds its pages of images.
func (p *parquetSplit) add(s *parquetShard) error {
	pages, err := s.Pages(s.schema.image)
	if err != nil {
		return broken(err)
	}
	for _, page := range pages {
		p.pages = append(p.pages, parquetPage{page, s, p.rows + page.First})
	}
	p.shards = append(p.shards, s)
	p.rows += s.Rows
	if s.schema.label == nil {
		p.labels = append(p.labels, make([]uint32, s.Rows)...)
		p.none += s.Rows
		return nil
	}
	if pages, err = s.Pages(s.schema.label); err != nil {
		return broken(err)
	}
	for _, page := range pages {
		values, err := s.Read(&page)
		if err != nil {
			return broken(err)
		}
		for i := range values.Len() {
			label, err := p.label(values, i)
			if err != nil {
				return fmt.Errorf("row %d: %w", page.First+i, err)
			}
			p.labels = append(p.labels, label)
		}
	}
	return nil
}

// label returns the label of a row of a page.
func (p *parquetSplit) label(values *parquet.Values, i int) (uint32, error) {
	if b, ok := values.Bytes(i); ok {
		return p.text.number(string(b[:min(len(b), maxTarText)]))
	}
	v, ok := values.Int(i)
	if !ok || v == -1 {
		p.none++
		return 0, nil
	}
	if v < 0 || v >= maxClasses {
		return 0, fmt.Errorf("label %d is not a class", v)
	}
	return uint32(v), nil
}

// dropUnlabeled removes the splits without labels if there are others, as datasets keep the labels of
// test images to themselves.
func (d *Data) dropUnlabeled(splits map[string]*parquetSplit) error {
	labeled := 0
	for _, name := range sortedSplits(splits) {
		switch p := splits[name]; {
		case p.rows == 0:
			return fmt.Errorf("%s: a file without rows", p.shards[0].path)
		case p.none == 0:
			labeled++
		case p.none < p.rows:
			return fmt.Errorf("%s: %d of the %d images of its split have no label: remove them", p.shards[0].path, p.none, p.rows)
		}
	}
	for name, p := range splits {
		if labeled > 0 && p.none > 0 {
			d.note("the %s split has no labels and is not used", cmp.Or(name, "unnamed"))
			delete(splits, name)
		}
	}
	return nil
}

// addParquetSplits names the classes and adds the sets.
func (d *Data) addParquetSplits(splits map[string]*parquetSplit) error {
	if err := d.dropUnlabeled(splits); err != nil {
		return err
	}
	labels := map[string][]uint32{}
	var text textLabels
	var classes []string
	most, mostIn, column := uint32(0), "", ""
	for _, name := range sortedSplits(splits) {
		p := splits[name]
		for _, s := range p.shards {
			if p.none > 0 {
				continue
			}
			if column = cmp.Or(column, s.schema.label.Path); column != s.schema.label.Path {
				return fmt.Errorf("%s: labels in the column %.100q, but in other files in %.100q", s.path, s.schema.label.Path, column)
			}
			if classes == nil {
				classes = s.schema.classes
			} else if s.schema.classes != nil && !slices.Equal(classes, s.schema.classes) {
				return fmt.Errorf("%s: other classes than in the files before", s.path)
			}
		}
		if len(p.text.names) > 0 { // one numbering for all splits
			to := make([]uint32, len(p.text.names))
			for name, k := range p.text.names {
				var err error
				if to[k], err = text.number(name); err != nil {
					return fmt.Errorf("%s: %w", p.shards[0].path, err)
				}
			}
			for i, k := range p.labels {
				p.labels[i] = to[k]
			}
		}
		labels[name] = p.labels
		if greatest := slices.Max(p.labels); greatest >= most {
			most, mostIn = greatest, p.shards[0].path
		}
	}
	switch {
	case column == "": // no labels
	case len(text.names) > 0:
		classes = text.sorted(labels)
	case classes == nil:
		classes = numbered(int(most) + 1)
	case int(most) >= len(classes):
		return fmt.Errorf("%s: label %d in its split, but the metadata name %d classes: download it again", mostIn, most, len(classes))
	default:
		classes = printableNames(classes)
	}
	if d.severalLabels && column != "" {
		d.note("labels are those of the column %s: --labels chooses another one", shorten(column))
	}
	sets := map[string]Set{}
	for name, p := range splits {
		sets[name] = d.parquetSet(name, p, classes)
	}
	return d.chooseSplits(sets)
}

// parquetSet is the set of a split. Pages are kept up to half the files' size.
func (d *Data) parquetSet(name string, p *parquetSplit, classes []string) Set {
	total := int64(0)
	for _, s := range p.shards {
		total += s.size
	}
	cache := lru.NewWeighted[int](min(total/2+pageCacheLow, pageCacheMost), func(v *parquet.Values) int64 { return v.Size() })
	set := newEncoded(d.Name, splitName(name))
	set.classes, set.labels = classes, p.labels
	set.title = func(i int) string { return fmt.Sprintf("%s %d", set.split, i) }
	set.open = func(i int, read func(io.ReadSeeker) error) error {
		k, found := slices.BinarySearchFunc(p.pages, i, func(page parquetPage, i int) int { return page.first - i })
		if !found {
			k--
		}
		page := &p.pages[k]
		values, err := cache.GetOrLoad(k, func() (*parquet.Values, error) { return page.shard.Read(&page.Page) })
		if err != nil {
			return err
		}
		data, ok := values.Bytes(i - page.first)
		if !ok {
			return fmt.Errorf("%s, row %d: no bytes: the image is in a file of its own, and has to be embedded", path.Base(page.shard.path), i-page.first+page.First)
		}
		return read(bytes.NewReader(data))
	}
	return set
}

// broken says what to do about an error of a file, unless it says so.
func broken(err error) error {
	if strings.Contains(err.Error(), "again") {
		return err
	}
	return fmt.Errorf("%w: download it again", err)
}
