package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/lru"
	"hfcui/engine/measure"
)

// Version is a version of the test images: a corruption at a severity. The zero value is the one that
// is open.
type Version struct {
	Corruption string
	Severity   int
}

// Limits on versions that are kept open. Sets are listings of files, resized ones cache images.
const (
	versionImagesKept = 2 << 20 // images of all sets
	versionInputsKept = 2
	versionsKept      = 512 // results per model
)

// versions are the open sets of versions.
type versions struct {
	sets   *lru.Cache[Version, dataset.Set]
	inputs *lru.Cache[versionInput, dataset.Set]
}

// versionInput is a version at a model's input size.
type versionInput struct {
	Version
	c, h, w int
}

func newVersions() versions {
	return versions{
		sets:   lru.NewWeighted[Version](versionImagesKept, func(s dataset.Set) int64 { return int64(s.Len()) }),
		inputs: lru.New[versionInput, dataset.Set](versionInputsKept),
	}
}

// versionSource is a version at a model's input size, opened while it is read: measurements that are
// kept do not keep its images.
type versionSource struct {
	from *source
	versionInput
	labels dataset.Set
}

// version returns the images of a version for the model.
func (c *selection) version(v Version) (measure.Source, error) {
	if v == (Version{}) {
		return c.Inputs, nil
	}
	s := &versionSource{from: c.data, versionInput: versionInput{Version: v}}
	s.c, s.h, s.w = c.model.Input()
	var err error
	s.labels, err = s.open()
	return s, err
}

// open returns the set of the version.
func (s *versionSource) open() (dataset.Set, error) {
	return s.from.versions.inputs.GetOrLoad(s.versionInput, func() (dataset.Set, error) {
		set, err := s.from.versions.sets.GetOrLoad(s.Version, func() (dataset.Set, error) { return s.from.Corrupted(s.Corruption, s.Severity) })
		if err != nil {
			return nil, err
		}
		return dataset.Resized(set, s.c, s.h, s.w), nil
	})
}

func (s *versionSource) Len() int             { return s.labels.Len() }
func (s *versionSource) Label(i int) int      { return s.labels.Label(i) }
func (s *versionSource) Shape() (c, h, w int) { return s.c, s.h, s.w }

func (s *versionSource) ReadBatch(dst []float32, labels []int, indices []int) error {
	set, err := s.open()
	if err != nil {
		return err
	}
	return set.ReadBatch(dst, labels, indices)
}

// CorruptedRequest asks for accuracy, and bands at the radii, on corrupted versions of the test images.
type CorruptedRequest struct {
	Corruptions []dataset.Corruption // of the data, e.g. chosen by ChooseCorruptions
	BandsRequest
}

// ChooseCorruptions returns the corruptions of these names and their severities of these; nil chooses
// all. What the data does not have is an error.
func ChooseCorruptions(data string, there []dataset.Corruption, names []string, severities []int) ([]dataset.Corruption, error) {
	if len(there) == 0 {
		return nil, fmt.Errorf("%s has no corruptions: use data such as CIFAR-10-C", data)
	}
	var chosen []dataset.Corruption
	for _, c := range there {
		if names != nil && !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.Name) }) {
			continue
		}
		if severities != nil {
			var some []int
			for _, s := range c.Severities {
				if slices.Contains(severities, s) {
					some = append(some, s)
				}
			}
			if len(some) < len(severities) {
				return nil, fmt.Errorf("%s has severities %s of %s: use some of them", data, strings.Trim(fmt.Sprint(c.Severities), "[]"), c.Name)
			}
			c.Severities = some
		}
		chosen = append(chosen, c)
	}
	for _, name := range names {
		if !slices.ContainsFunc(there, func(c dataset.Corruption) bool { return strings.EqualFold(name, c.Name) }) {
			var all []string
			for _, c := range there {
				all = append(all, c.Name)
			}
			return nil, fmt.Errorf("%s has no corruption %q: use %s", data, name, strings.Join(all, ", "))
		}
	}
	return chosen, nil
}

// roughVersions are the numbers of images that all versions are measured on before any on more.
var roughVersions = []int{48, 200}

// Corrupted measures accuracy on versions of the test images: on a few images of all of them first,
// then on more. It calls update, which may be nil, from its own goroutine with partial results, and
// returns the final one. Canceled, it returns the error of ctx; the next call resumes.
func (l *Lab) Corrupted(ctx context.Context, q CorruptedRequest, update func(bands.Corrupted)) (bands.Corrupted, error) {
	all := bands.NewCorrupted(q.Corruptions)
	for _, limit := range append(slices.Clone(roughVersions), 0) {
		for k, c := range q.Corruptions {
			for j, severity := range c.Severities {
				at := &all.Results[k][j]
				if at.Done || limit > 0 && at.Whole.N >= limit {
					continue
				}
				one := q.BandsRequest
				one.Version = Version{c.Name, severity}
				last, err := l.bandsUntil(ctx, one, limit, func(now bands.Result) {
					*at = now
					if update != nil {
						update(all.Clone())
					}
				})
				if err != nil {
					return all, err
				}
				*at = last
			}
		}
	}
	return all, nil
}

// bandsUntil is Bands on at least limit images; 0: all.
func (l *Lab) bandsUntil(ctx context.Context, q BandsRequest, limit int, update func(bands.Result)) (bands.Result, error) {
	within, stop := context.WithCancel(ctx)
	defer stop()
	var last bands.Result
	enough := func() bool { return limit > 0 && last.Whole.N >= limit }
	r, err := l.Bands(within, q, func(now bands.Result) {
		if last = now; enough() {
			stop()
		}
		update(now)
	})
	if errors.Is(err, context.Canceled) && ctx.Err() == nil && enough() {
		return last, nil
	}
	return r, err
}
