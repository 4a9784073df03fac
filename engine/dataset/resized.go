package dataset

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"hfcui/engine/lru"
)

// resizedCacheBytes bounds a set's cache of resized images: about 5000 of 3×32×32, 110 of 3×224×224.
const resizedCacheBytes = 64 << 20

// Resized returns the set with images resized on demand to c×h×w, a model's input, and cached. A
// set of this shape is returned unchanged. Images of several sizes, or another aspect ratio, are made
// to fit as the set says; see Fitted.
func Resized(s Set, c, h, w int) Set {
	if sc, sh, sw := s.Shape(); sc == c && sh == h && sw == w {
		return s
	}
	fit, plain := fitOf(s, h, w)
	return &resized{Set: s, c: c, h: h, w: w, fit: fit, plain: plain, cache: newImageCache(resizedCacheBytes)}
}

type resized struct {
	Set
	c, h, w int
	fit     Fit
	plain   bool // resize, as of images of one size
	cache   *lru.Cache[int, *Image]
}

// reducer is a set that can decode an image directly to another size.
type reducer interface {
	imageAs(i, c, h, w int) (*Image, error)
}

func (r *resized) Shape() (c, h, w int) { return r.c, r.h, r.w }

func (r *resized) Image(i int) (*Image, error) {
	return r.cache.GetOrLoad(i, func() (*Image, error) {
		switch set := r.Set.(type) {
		case *files:
			return set.fitted(i, r.fit, r.c, r.h, r.w)
		case *picked:
			if all, ok := set.Set.(*files); ok {
				return all.fitted(set.index[i], r.fit, r.c, r.h, r.w)
			}
		}
		im, err := r.Set.Image(i)
		switch {
		case err != nil:
			return nil, err
		case r.plain:
			return im.Resize(r.c, r.h, r.w), nil
		}
		return fitRows(im.rows(), r.fit, r.c, r.h, r.w), nil
	})
}

// Resampling is how images are resized: by sums over their channels, rows and columns, each a matrix with
// a row for every new one.
type Resampling struct {
	Set                     // the images at their own size, which all of them have
	Channels, Rows, Columns []float32
}

// Resampling implements Unresized.
func (r *resized) Resampling() (Resampling, bool) {
	c, h, w := r.Set.Shape()
	if _, decodes := r.Set.(reducer); decodes || c == 0 {
		return Resampling{}, false // resized while decoding, or of different sizes
	}
	down, across := newTaps(h, r.h), newTaps(w, r.w)
	if !r.plain {
		down, across = fitTaps(h, w, r.fit, r.h, r.w)
	}
	return Resampling{r.Set, channelMatrix(c, r.c), down.matrix(h), across.matrix(w)}, true
}

// Unresized is a set of resized images that may tell how they are.
type Unresized interface {
	// Resampling returns false where images are not resized by sums of their pixels.
	Resampling() (Resampling, bool)
}

// channelMatrix is withChannels as a matrix [to,from].
func channelMatrix(from, to int) []float32 {
	m := make([]float32, 0, to*from)
	row := make([][]float32, from)
	for p := range row {
		row[p] = make([]float32, from)
		row[p][p] = 1
	}
	for _, weights := range withChannels(row, to) {
		m = append(m, weights...)
	}
	return m
}

// ReadBatch decodes images in parallel, which dominates the time for photographs.
func (r *resized) ReadBatch(dst []float32, labels []int, indices []int) error {
	size := r.c * r.h * r.w
	checkBatch(dst, labels, indices, size)
	return eachIndex(len(indices), func(k int) error {
		im, err := r.Image(indices[k])
		if err != nil {
			return err
		}
		copy(dst[k*size:(k+1)*size], im.Pix)
		if labels != nil {
			labels[k] = r.Label(indices[k])
		}
		return nil
	})
}

// eachIndex calls do for 0 … n−1 on all cores, and returns one of the errors, if any. Panics are
// re-raised in the caller, which can recover them.
func eachIndex(n int, do func(k int) error) error { return eachOf(runtime.GOMAXPROCS(0), n, do) }

// eachOf is eachIndex with at most so many calls at once.
func eachOf(atOnce, n int, do func(k int) error) error {
	var next atomic.Int64
	var once sync.Once
	var first error
	var panicked any
	var wait sync.WaitGroup
	for range min(atOnce, n) {
		wait.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					next.Store(int64(n))
					once.Do(func() { panicked = p })
				}
			}()
			for k := int(next.Add(1)) - 1; k < n; k = int(next.Add(1)) - 1 {
				if err := do(k); err != nil {
					once.Do(func() { first = err })
					return
				}
			}
		})
	}
	wait.Wait()
	if panicked != nil {
		panic(fmt.Sprint(panicked))
	}
	return first
}
