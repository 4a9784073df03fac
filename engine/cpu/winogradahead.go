package cpu

import "hfcui/engine/cpu/kernel"

// asks is how many times memory is asked for while a step's tiles are multiplied.
const asks = 12

// winogradAhead is what the next step will read and write. Between transforms a step needs
// no memory but the cache: that is the time to bring it in.
type winogradAhead struct{ x, y stretch }

// stretch is neighboring pixels of some planes.
type stretch struct {
	data          []float32 // from the first on
	planes, plane int       // how many planes, elements from one to the next
	pixels        int       // of each
}

// ahead gives what lies ahead when tiles of group g have been worked on up to `done`. After
// its last step a worker is likely to get the group that comes after those that others have.
func (w *winograd) ahead(g, done int) winogradAhead {
	t := w.list(g)
	if done >= t.whole {
		if g += w.compiler.pool.threads; g >= w.groups() || w.parts > 1 {
			return winogradAhead{}
		}
		t, done = w.list(g), 0
	}
	end := min(done+w.step, t.whole)
	if done == end {
		return winogradAhead{}
	}
	first, last := t.places[done].n, t.places[end-1].n
	// Of the inputs, two rows of pixels are those of tiles before.
	return winogradAhead{
		stretchOf(w.x, g*w.group, first, last, t.inputs[done:end], 2, kernel.WinogradInputs),
		stretchOf(w.y, g*w.group, first, last, t.outputs[done:end], 0, kernel.WinogradTile),
	}
}

// stretchOf gives the pixels of tiles from a row on up to another, where offsets count from
// image n: all of the images they are of, if these are several.
func stretchOf(t *tensor, n, firstImage, lastImage int, tiles []int32, from, to int) stretch {
	if images := lastImage - firstImage + 1; images > 1 {
		return stretch{data: t.data[(n+firstImage)*t.image():], planes: 1, pixels: images * t.image() / kernel.Block}
	}
	first := t.offset(n, 0, from, 0) + int(tiles[0])/4
	bytes := int(tiles[len(tiles)-1]-tiles[0]) + (to-from)*t.stride()
	return stretch{t.data[first:], t.blocks(), t.plane(), bytes / kernel.PixelBytes}
}

// ask asks for a part of it.
func (a *winogradAhead) ask(k *kernel.Winograd, part int) {
	for _, s := range [...]*stretch{&a.x, &a.y} {
		from, to := part*s.pixels/asks, (part+1)*s.pixels/asks
		for b := range s.planes {
			if at := b*s.plane + from*kernel.Block; from < to && at < len(s.data) {
				k.Ask(&s.data[at], to-from)
			}
		}
	}
}
