// Package lru keeps the values used most recently, up to a total weight.
package lru

import (
	"container/list"
	"iter"
	"sync"
)

// Cache maps keys to values and evicts those used least recently once it is full. It is safe
// for concurrent use.
type Cache[K comparable, V any] struct {
	// OnEvict, unless it is nil, is called with every value that is evicted or removed, under
	// the cache's lock. It must be set before the first use.
	OnEvict func(K, V)

	limit  int64
	weight func(V) int64 // nil: 1 each

	mu    sync.Mutex
	total int64
	order list.List // of entry[K, V], most recent in front
	at    map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns a cache for up to n values.
func New[K comparable, V any](n int) *Cache[K, V] {
	return &Cache[K, V]{limit: int64(n), at: make(map[K]*list.Element)}
}

// NewWeighted returns a cache for values of up to limit in total weight. A value that weighs
// more than that is not kept.
func NewWeighted[K comparable, V any](limit int64, weight func(V) int64) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, weight: weight, at: make(map[K]*list.Element)}
}

// Get returns the value of a key and marks it as used.
func (c *Cache[K, V]) Get(k K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(k)
}

func (c *Cache[K, V]) get(k K) (v V, ok bool) {
	e, ok := c.at[k]
	if !ok {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry[K, V]).value, true
}

// Peek returns the value of a key without marking it as used.
func (c *Cache[K, V]) Peek(k K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[k]
	if !ok {
		return v, false
	}
	return e.Value.(entry[K, V]).value, true
}

// GetOrMake returns the value of a key, which create makes if there is none. The cache is
// locked meanwhile: create must be fast and must not use the cache.
func (c *Cache[K, V]) GetOrMake(k K, create func() (V, error)) (V, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.get(k); ok {
		return v, nil
	}
	v, err := create()
	if err == nil {
		c.put(k, v)
	}
	return v, err
}

// GetOrLoad is GetOrMake without the lock while load runs: of callers that miss at the same
// time each loads.
func (c *Cache[K, V]) GetOrLoad(k K, load func() (V, error)) (V, error) {
	if v, ok := c.Get(k); ok {
		return v, nil
	}
	v, err := load()
	if err == nil {
		c.Put(k, v)
	}
	return v, err
}

// Put keeps the value of a key, in place of the one before.
func (c *Cache[K, V]) Put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k, v)
}

func (c *Cache[K, V]) put(k K, v V) {
	if e, ok := c.at[k]; ok {
		c.remove(e)
	}
	w := c.weigh(v)
	if w > c.limit {
		return
	}
	c.total += w
	c.at[k] = c.order.PushFront(entry[K, V]{k, v})
	for c.total > c.limit {
		c.remove(c.order.Back())
	}
}

// Remove evicts the value of a key, if there is one.
func (c *Cache[K, V]) Remove(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.at[k]; ok {
		c.remove(e)
	}
}

// Len returns the number of values.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

// Clear evicts all values.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
}

// All yields all values as they are when it is called, the one used least recently first.
func (c *Cache[K, V]) All() iter.Seq2[K, V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]entry[K, V], 0, c.order.Len())
	for e := c.order.Back(); e != nil; e = e.Prev() {
		all = append(all, e.Value.(entry[K, V]))
	}
	return func(yield func(K, V) bool) {
		for _, x := range all {
			if !yield(x.key, x.value) {
				return
			}
		}
	}
}

func (c *Cache[K, V]) remove(e *list.Element) {
	x := c.order.Remove(e).(entry[K, V])
	delete(c.at, x.key)
	c.total -= c.weigh(x.value)
	if c.OnEvict != nil {
		c.OnEvict(x.key, x.value)
	}
}

func (c *Cache[K, V]) weigh(v V) int64 {
	if c.weight == nil {
		return 1
	}
	return c.weight(v)
}
