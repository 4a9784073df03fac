package dataset

import "sync"

// A silhouette is a soft mask on a square grid from −maskReach to maskReach on both axes, where
// 1000 is the silhouette's radius. Integer arithmetic makes masks identical on every platform.
const (
	maskSide  = 64
	maskReach = 1280
)

// mask holds coverage from 0 to 255.
type mask [maskSide * maskSide]uint8

// silhouettes returns the ten masks in label order. Drawing them takes milliseconds, which programs
// that read other images should not spend.
var silhouettes = sync.OnceValue(func() *[10]mask {
	masks := new([10]mask)
	for k, inside := range outlines {
		masks[k] = newMask(inside)
	}
	return masks
})

type point struct{ x, y int }

// outlines report whether a point is inside a silhouette.
var outlines = [10]func(x, y int) bool{
	func(x, y int) bool { return within(x, y, 0, 0, 820) },
	func(x, y int) bool { return within(x, y, 0, 0, 950) && !within(x, y, 0, 0, 520) },
	func(x, y int) bool { return abs(x) <= 720 && abs(y) <= 720 },
	polygon(point{0, -1000}, point{900, 620}, point{-900, 620}),
	func(x, y int) bool { return abs(x) <= 1000 && abs(y) <= 330 },
	func(x, y int) bool { return abs(x) <= 300 && abs(y) <= 950 || abs(y) <= 300 && abs(x) <= 950 },
	polygon(point{0, -1100}, point{259, -356}, point{1046, -340}, point{419, 136}, point{647, 890},
		point{0, 440}, point{-647, 890}, point{-419, 136}, point{-1046, -340}, point{-259, -356}),
	func(x, y int) bool { return within(x, y, 0, 0, 950) && !within(x, y, 480, 0, 780) },
	func(x, y int) bool {
		return within(x, y, -430, -330, 490) || within(x, y, 430, -330, 490) || heartPoint(x, y)
	},
	func(x, y int) bool { return abs(y) <= 880 && abs(x) <= 90+abs(y)*8/10 },
}

var heartPoint = polygon(point{0, -330}, point{790, -10}, point{0, 930}, point{-790, -10})

func abs(x int) int { return max(x, -x) }

func within(x, y, cx, cy, radius int) bool {
	return (x-cx)*(x-cx)+(y-cy)*(y-cy) <= radius*radius
}

// polygon returns the even-odd test of a polygon.
func polygon(corners ...point) func(x, y int) bool {
	return func(x, y int) bool {
		in := false
		for i, a := range corners {
			b := corners[(i+1)%len(corners)]
			if a.y > b.y {
				a, b = b, a
			}
			if y >= a.y && y < b.y && (x-a.x)*(b.y-a.y) < (y-a.y)*(b.x-a.x) {
				in = !in
			}
		}
		return in
	}
}

// newMask samples an outline 4×4 times per cell, then blurs it twice over three cells, for an edge
// of about two pixels.
func newMask(inside func(x, y int) bool) (m mask) {
	const sub = 4
	var fine [maskSide * maskSide]int
	for y := range maskSide * sub {
		for x := range maskSide * sub {
			at := func(i int) int { return (2*i+1)*maskReach/(maskSide*sub) - maskReach }
			if inside(at(x), at(y)) {
				fine[y/sub*maskSide+x/sub]++
			}
		}
	}
	for range 2 {
		var soft [maskSide * maskSide]int
		for y := 1; y < maskSide-1; y++ {
			for x := 1; x < maskSide-1; x++ {
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						soft[y*maskSide+x] += fine[(y+dy)*maskSide+x+dx]
					}
				}
			}
		}
		fine = soft
	}
	for i, v := range fine {
		m[i] = uint8(v * 255 / (sub * sub * 81))
	}
	return m
}

// at returns the interpolated coverage, 0 to 255, at a position in 1/256 of a cell; 0 outside.
func (m *mask) at(u, v int) int {
	x, y := u>>8, v>>8
	if uint(x) >= maskSide-1 || uint(y) >= maskSide-1 {
		return 0
	}
	i := y*maskSide + x
	fx, fy := u&255, v&255
	top := int(m[i])*(256-fx) + int(m[i+1])*fx
	bottom := int(m[i+maskSide])*(256-fx) + int(m[i+maskSide+1])*fx
	return (top*(256-fy) + bottom*fy) >> 16
}
