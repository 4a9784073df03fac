package dataset

import "math"

const shapesSide = 32

// Brightness is in units of 1/256 of an 8-bit level, angles and phases in 1/1024 of a turn,
// positions in 1/256 of a pixel.
const level = 256

// waves are the textures' wave vectors in half cycles per image, (x, y), in label order. All are at
// least 12.5 cycles long and, modulo sign and aliasing, at least 5.7 cycles apart.
var waves = [10][2]int{{25, 4}, {-5, 25}, {-19, 17}, {7, 27}, {25, 28}, {-28, 25}, {-27, 8}, {17, 19}, {28, 15}, {-16, 28}}

// sine is sin over one turn, times 2¹⁴. Rounding removes differences between platforms' floating
// point: no entry is close enough to a half to matter, which a test checks.
var sine = func() (t [1024]int) {
	for i := range t {
		t[i] = int(math.Round(math.Sin(2*math.Pi*float64(i)/1024) * (1 << 14)))
	}
	return t
}()

// scene is the random parameters of an image, except noise.
type scene struct {
	shape                        *mask
	cx, cy                       int // center, in 1/256 pixel
	angle                        int
	scaleX, scaleY               int // mask cells per pixel, in 1/256
	back, fore, patch            [3]int
	slopeX, slopeY               [3]int // of the background, per pixel
	veil                         int    // opacity of the silhouette, 0 to 256
	patchX, patchY               int
	patchRx, patchRy, patchCover int // half sides in pixels/256; opacity 0 to 256
	waveX, waveY, phase          int // texture: 1/65536 turn per pixel; 1/65536 turn
	amplitude                    [3]int
	slowX, slowY, slowPhase      int // modulation of the texture's amplitude
	depth                        int // modulation depth, 0 to 256
	noise                        int // in 1/256 of a level, times -255 to 255
}

// draw samples the scene of a class with the texture of a class. In 24 % of images the silhouette
// is hidden, in 16 % the texture is missing.
func (s *scene) draw(r *stream, class, texture int) {
	s.shape = &silhouettes()[class]
	kind := r.below(100)
	hidden, plain := kind < 24, kind >= 84
	s.pose(r)
	s.light(r, hidden, plain)
	s.occlude(r, hidden)
	if !plain {
		s.stripe(r, texture)
	}
	s.noise = r.between(2, 9)
}

// pose samples the silhouette's pose: any orientation, radius 8 to 12 pixels, each axis stretched
// by up to an eighth.
func (s *scene) pose(r *stream) {
	const cells = maskSide * 1000 / (2 * maskReach) // a silhouette's radius in mask cells
	radius := r.between(8*256, 12*256)
	s.angle = r.below(1024)
	s.scaleX = cells * 256 * r.between(224, 288) / radius
	s.scaleY = cells * 256 * r.between(224, 288) / radius
	s.cx = shapesSide*128 + r.between(-4*256, 4*256)
	s.cy = shapesSide*128 + r.between(-4*256, 4*256)
}

// light samples the colors. Brightness goes down to black, contrast to almost none; a hidden
// silhouette has the background's color in half of the images.
func (s *scene) light(r *stream, hidden, plain bool) {
	exposure := r.between(90, 256)
	if !plain && r.chance(35) {
		exposure = r.between(0, 90)
	}
	base := r.between(20, 220)
	step := r.between(45, 130)
	if base+step > 235 || base-step > 10 && r.chance(50) {
		step = -step
	}
	for c := range 3 {
		tint := r.between(-30, 30)
		s.back[c] = min(max(base+tint, 0), 255) * exposure
		s.fore[c] = min(max(base+step+tint+r.between(-25, 25), 0), 255) * exposure
		s.slopeX[c] = r.between(-2*256, 2*256) * exposure >> 8
		s.slopeY[c] = r.between(-2*256, 2*256) * exposure >> 8
		s.patch[c] = r.between(0, 230) * exposure
	}
	s.veil = r.between(180, 256)
	if hidden && r.chance(50) {
		s.veil = 0
	}
}

// occlude adds a soft patch: large enough to hide the silhouette if hidden, otherwise small and in
// a third of the images.
func (s *scene) occlude(r *stream, hidden bool) {
	switch {
	case hidden && s.veil > 0:
		s.patchX, s.patchY = s.cx+r.between(-256, 256), s.cy+r.between(-256, 256)
		s.patchRx, s.patchRy = r.between(12*256, 15*256), r.between(12*256, 15*256)
		s.patchCover = 256
	case r.chance(33):
		s.patchX, s.patchY = r.between(0, shapesSide*256), r.between(0, shapesSide*256)
		s.patchRx, s.patchRy = r.between(2*256, 5*256), r.between(2*256, 5*256)
		s.patchCover = r.between(160, 256)
	}
}

// stripe samples the texture: the class's wave vector within a quarter cycle, any phase, faint,
// nearly gray, with an amplitude modulated by half a cycle to one over the image.
func (s *scene) stripe(r *stream, class int) {
	perCycle := 65536 / shapesSide // per image, in phase per pixel
	s.waveX = waves[class][0]*perCycle/2 + r.between(-perCycle/4, perCycle/4)
	s.waveY = waves[class][1]*perCycle/2 + r.between(-perCycle/4, perCycle/4)
	s.phase = r.below(65536)
	strength := r.between(9, 26)
	for c := range 3 {
		s.amplitude[c] = strength * r.between(200, 280)
	}
	s.slowX, s.slowY = r.between(-perCycle, perCycle), r.between(-perCycle, perCycle)
	s.slowPhase = r.below(65536)
	s.depth = r.between(0, 200)
}

// paint draws the scene. Noise is the sum of two uniform samples per channel.
func (s *scene) paint(dst *shapesCanvas, r *stream) {
	const plane = shapesSide * shapesSide
	sin, cos := sine[s.angle], sine[(s.angle+256)%1024]
	for y := range shapesSide {
		dy := y*256 + 128 - s.cy
		for x := range shapesSide {
			dx := x*256 + 128 - s.cx
			u := (cos*dx+sin*dy)>>14*s.scaleX>>8 + maskSide*128
			v := (cos*dy-sin*dx)>>14*s.scaleY>>8 + maskSide*128
			cover := s.shape.at(u, v) * s.veil >> 8
			patch := s.patchAt(x, y)
			wave := s.waveAt(x, y)
			bits := r.next()
			for c := range 3 {
				value := s.back[c] + s.slopeX[c]*(x-shapesSide/2) + s.slopeY[c]*(y-shapesSide/2)
				value += (s.fore[c] - value) * cover / 255
				value += (s.patch[c] - value) * patch / 256
				value += s.amplitude[c] * wave >> 14
				value += (int(bits&255) + int(bits>>8&255) - 255) * s.noise
				bits >>= 16
				dst[c*plane+y*shapesSide+x] = uint8(min(max(value+level/2, 0), 255*level) / level)
			}
		}
	}
}

// patchAt is the patch's opacity at a pixel, 0 to 256; its edge is three pixels wide.
func (s *scene) patchAt(x, y int) int {
	if s.patchCover == 0 {
		return 0
	}
	const edge = 3 * 256
	inX := min(max(s.patchRx+edge/2-abs(x*256+128-s.patchX), 0), edge)
	inY := min(max(s.patchRy+edge/2-abs(y*256+128-s.patchY), 0), edge)
	return inX * inY / edge * s.patchCover / edge
}

// waveAt is the texture at a pixel, −2¹⁴ to 2¹⁴, before scaling by its amplitude.
func (s *scene) waveAt(x, y int) int {
	if s.amplitude[0] == 0 {
		return 0
	}
	wave := sine[uint(s.phase+s.waveX*x+s.waveY*y)>>6%1024]
	slow := sine[uint(s.slowPhase+s.slowX*x+s.slowY*y)>>6%1024]
	return wave * (1<<14 - (1<<14+slow)*s.depth>>9) >> 14
}
