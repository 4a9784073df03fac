package gpu

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"sync"
	"time"

	"hfcui/engine/gpu/cache"
	"hfcui/engine/gpu/hal"
)

// tileShape is the shape of a product, as far as its speed depends on it.
type tileShape struct {
	kind                           string
	rows, columns, parts, products int
	more                           string
}

// tiles remembers the tiles that were fastest; its zero value is empty.
type tiles struct {
	mu    sync.Mutex
	known map[string]int
}

// tile returns the number of columns of a product's tile for a shape: that of the candidates, in
// ascending order, whose launch took least. They are timed once on a device, on zeros, and the result
// is kept in the cache folder. Results do not depend on the tile.
func (c *compiler) tile(s tileShape, candidates []int, launch func(c *compiler, bn int)) int {
	info := c.dev.hal.Info()
	if c.dev.forced > 0 {
		return c.dev.forced
	}
	if info.CPU || info.Private {
		return candidates[0]
	}
	// Half of a tile's columns are in use, at least.
	fitting := candidates[:1]
	for len(fitting) < len(candidates) && candidates[len(fitting)] < 2*s.columns {
		fitting = candidates[:len(fitting)+1]
	}
	if len(fitting) == 1 {
		return fitting[0]
	}
	// Batches of similar sizes share a result.
	rows, products := bits.Len(uint(s.rows)), bits.Len(uint(s.products))
	key := cache.Key("tile", info.Name, info.Runtime, fmt.Sprint(info.Arch), c.number().String(), s.kind,
		fmt.Sprint(rows, s.columns, s.parts, products, fitting), s.more)
	t := c.dev.tiles
	t.mu.Lock()
	defer t.mu.Unlock()
	if bn := t.known[key]; bn > 0 {
		return bn
	}
	bn, err := strconv.Atoi(string(cache.User().Get(key)))
	if err != nil || !slices.Contains(fitting, bn) {
		if bn = c.fastest(fitting, launch); bn == 0 {
			return bestFit(s.columns, candidates) // no memory to try
		}
		cache.User().Put(key, []byte(strconv.Itoa(bn)))
	}
	if t.known == nil {
		t.known = make(map[string]int)
	}
	t.known[key] = bn
	return bn
}

// bestFit returns the smallest candidate that has all columns, else the largest.
func bestFit(columns int, candidates []int) int {
	for _, bn := range candidates {
		if bn >= columns {
			return bn
		}
	}
	return slices.Max(candidates)
}

// fastest times launches; 0 if none could be timed.
func (c *compiler) fastest(candidates []int, launch func(c *compiler, bn int)) (best int) {
	least := time.Duration(0)
	for _, bn := range candidates {
		probe := &compiler{dev: c.dev, scratch: make([][]*tensor, 1)}
		probe.target = &probe.launches
		launch(probe, bn)
		if took, err := probe.time(); err == nil && (best == 0 || took < least) {
			best, least = bn, took
		}
	}
	return best
}

// like returns a tensor of t's layout with memory of its own.
func (c *compiler) like(t *tensor) *tensor {
	l := *t
	l.value = nil
	c.scratch[c.at] = append(c.scratch[c.at], &l)
	return &l
}

// time returns how long the compiler's launches take.
func (c *compiler) time() (least time.Duration, err error) {
	total := 0
	for _, t := range c.scratch[0] {
		t.span.Offset = total
		total += roundUp(t.bytes, hal.Align)
	}
	buffer, err := c.dev.hal.Alloc(max(total, hal.Align))
	if err != nil {
		return 0, err
	}
	defer buffer.Free()
	for _, t := range c.scratch[0] {
		t.span = hal.Span{Buffer: buffer, Offset: t.span.Offset, Bytes: t.bytes}
	}
	stream, err := c.dev.hal.Stream(false)
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	s, err := c.sequence(stream, c.launches)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	const tries = 4 // the first warms up
	for i := range tries {
		took, err := stream.Time(func() error { return s.Enqueue(0, s.Len()) })
		if err != nil {
			return 0, err
		}
		if i == 1 || i > 1 && took < least {
			least = took
		}
	}
	return least, nil
}
