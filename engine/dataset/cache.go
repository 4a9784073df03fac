package dataset

import (
	"container/list"
	"sync"
)

// imageCache keeps the images used last, up to a number of bytes.
type imageCache struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order list.List // of *cached, the one used last in front
	at    map[int]*list.Element
}

type cached struct {
	index int
	im    *Image
}

func newImageCache(limit int64) *imageCache {
	return &imageCache{limit: limit, at: make(map[int]*list.Element)}
}

// get returns image i, made by load when it is not kept. Two callers that miss at once both
// load: that is rarer, and cheaper, than making everyone wait.
func (c *imageCache) get(i int, load func(i int) (*Image, error)) (*Image, error) {
	c.mu.Lock()
	if e, ok := c.at[i]; ok {
		c.order.MoveToFront(e)
		im := e.Value.(*cached).im
		c.mu.Unlock()
		return im, nil
	}
	c.mu.Unlock()
	im, err := load(i)
	if err == nil {
		c.put(i, im)
	}
	return im, err
}

// peek returns image i if it is kept, else nil.
func (c *imageCache) peek(i int) *Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.at[i]; ok {
		return e.Value.(*cached).im
	}
	return nil
}

func (c *imageCache) put(i int, im *Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.at[i]; ok || im.size() > c.limit {
		return
	}
	c.bytes += im.size()
	c.at[i] = c.order.PushFront(&cached{i, im})
	for c.bytes > c.limit {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.at, last.index)
		c.bytes -= last.im.size()
	}
}

// size is the memory of the pixels.
func (im *Image) size() int64 { return 4 * int64(len(im.Pix)) }
