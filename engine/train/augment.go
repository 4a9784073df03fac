package train

import "math/rand/v2"

// augmentation augments images at random.
type augmentation struct {
	crop    int  // zero padding of random crops, in pixels
	flip    bool // flip half of the images horizontally
	c, h, w int
}

// apply augments every image of x in place; source is a buffer for one image.
func (a augmentation) apply(random *rand.Rand, x, source []float32) {
	if a.crop == 0 && !a.flip {
		return
	}
	size := a.c * a.h * a.w
	for at := 0; at < len(x); at += size {
		image := x[at : at+size]
		dy, dx := 0, 0
		if a.crop > 0 {
			dy, dx = random.IntN(2*a.crop+1)-a.crop, random.IntN(2*a.crop+1)-a.crop
		}
		mirror := a.flip && random.IntN(2) == 1
		if dy != 0 || dx != 0 || mirror {
			copy(source, image)
			a.move(image, source, dy, dx, mirror)
		}
	}
}

// move writes source shifted by (dy, dx) with zero padding, flipped horizontally first if mirror is
// set.
func (a augmentation) move(dst, source []float32, dy, dx int, mirror bool) {
	// A row is zeros, pixels of the image, zeros.
	before := min(max(-dx, 0), a.w)
	inside := max(a.w-max(dx, -dx), 0)
	from := max(dx, 0)
	for y := range a.c * a.h {
		row := dst[y*a.w : (y+1)*a.w]
		if line := y%a.h + dy; line < 0 || line >= a.h || inside == 0 {
			clear(row)
			continue
		}
		line := source[(y+dy)*a.w : (y+dy+1)*a.w]
		clear(row[:before])
		clear(row[before+inside:])
		row = row[before : before+inside]
		if !mirror {
			copy(row, line[from:])
			continue
		}
		line = line[a.w-from-inside : a.w-from]
		for x := range row {
			row[x] = line[len(line)-1-x]
		}
	}
}
