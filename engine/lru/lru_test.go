package lru

import (
	"errors"
	"slices"
	"testing"
)

func keys[K comparable, V any](c *Cache[K, V]) (all []K) {
	for k := range c.All() {
		all = append(all, k)
	}
	return all
}

func TestCacheEvictsLeastRecentlyUsed(t *testing.T) {
	c := New[int, string](2)
	var gone []int
	c.OnEvict = func(k int, _ string) { gone = append(gone, k) }
	c.Put(1, "a")
	c.Put(2, "b")
	if v, ok := c.Get(1); !ok || v != "a" {
		t.Fatal(v, ok)
	}
	c.Put(3, "c")
	if got := keys(c); !slices.Equal(got, []int{1, 3}) || !slices.Equal(gone, []int{2}) {
		t.Error(got, gone)
	}
	if _, ok := c.Peek(1); !ok {
		t.Error("1 was evicted")
	}
	c.Put(4, "d") // a look without Get does not count as use
	if got := keys(c); !slices.Equal(got, []int{3, 4}) {
		t.Error(got)
	}
	c.Remove(3)
	c.Clear()
	if len(keys(c)) > 0 || !slices.Equal(gone, []int{2, 1, 3, 4}) {
		t.Error(gone)
	}
}

func TestCacheMakesMissingValues(t *testing.T) {
	c := New[string, int](2)
	for _, get := range []func(string, func() (int, error)) (int, error){c.GetOrMake, c.GetOrLoad} {
		c.Clear()
		if _, err := get("x", func() (int, error) { return 1, errors.New("no") }); err == nil || len(keys(c)) > 0 {
			t.Error("an error was cached")
		}
		made := 0
		for range 2 {
			if v, err := get("x", func() (int, error) { made++; return 7, nil }); v != 7 || err != nil || made != 1 {
				t.Error(v, err, made)
			}
		}
	}
}

func TestCacheKeepsToItsWeight(t *testing.T) {
	c := NewWeighted[int](10, func(v int) int64 { return int64(v) })
	c.Put(0, 11) // exceeds the capacity
	c.Put(1, 4)
	c.Put(2, 4)
	c.Put(2, 6) // in its place
	if got := keys(c); !slices.Equal(got, []int{1, 2}) {
		t.Error(got)
	}
	c.Put(3, 5)
	if got := keys(c); !slices.Equal(got, []int{3}) {
		t.Error(got)
	}
}
