package dataset

import "hfcui/engine/lru"

// newImageCache returns a cache of decoded images, by index, of up to limit bytes of pixels.
func newImageCache(limit int64) *lru.Cache[int, *Image] {
	return lru.NewWeighted[int](limit, func(im *Image) int64 { return 4 * int64(len(im.Pix)) })
}
