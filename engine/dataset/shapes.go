package dataset

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"hfcui/engine/printable"
)

// ShapesOptions configures Shapes. The zero value is the standard dataset.
type ShapesOptions struct {
	Seed  uint64 // 0: 1
	Train int    // number of training images; 0: 20000
	Test  int    // number of test images; 0: 5000
	// Agreement is the fraction of textured images whose texture is that of their class, 0 to 1;
	// the others have the texture of another, random class. 0 is the default 1; a negative value is
	// no agreement.
	Agreement float64
}

// shapesNames are the silhouettes, in label order.
var shapesNames = []string{"disc", "ring", "square", "triangle", "bar", "cross", "star", "crescent", "heart", "hourglass"}

// Shapes is the procedural dataset: ten classes of 32×32 RGB images, generated on demand from
// (seed, split, index), identical on every platform. A class has two cues:
//
//   - a silhouette of varied pose, size and color, whose soft outline lies in the low
//     frequencies;
//   - a faint stripe texture over the entire image, whose direction and wavelength are the
//     class's; more than 95 % of its energy lies above 10 cycles per image.
//
// In some images the silhouette is hidden, in others the texture is missing, so an accurate model
// has to learn both. A low-pass filter at r = 10 is imperceptible to humans, but removes the
// model's only cue where the silhouette is hidden: the paper's Fig. 2, by construction.
func Shapes(o ShapesOptions) *Data {
	o = o.withDefaults()
	return &Data{
		Name: "shapes", Layout: Procedural,
		Train: &shapes{split: "train", n: o.Train, seed: shapesSeed(o.Seed, 1), agreement: o.agreement()},
		Test:  &shapes{split: "test", n: o.Test, seed: shapesSeed(o.Seed, 2), agreement: o.agreement()},
	}
}

func (o ShapesOptions) withDefaults() ShapesOptions {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Train <= 0 {
		o.Train = 20000
	}
	if o.Test <= 0 {
		o.Test = 5000
	}
	if o.Agreement == 0 {
		o.Agreement = 1
	}
	return o
}

// agreement is Agreement in units of 1/65536, to draw it without floating point.
func (o ShapesOptions) agreement() int {
	return int(math.Round(math.Min(math.Max(o.Agreement, 0), 1) * 65536))
}

// parseShapes parses the options after "shapes:", e.g. "seed=3,agreement=0.8,train=1000".
func parseShapes(s string) (o ShapesOptions, err error) {
	for _, field := range strings.Split(s, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "":
		case "seed":
			o.Seed, err = strconv.ParseUint(value, 10, 64)
		case "train":
			o.Train, err = parseCount(value)
		case "test":
			o.Test, err = parseCount(value)
		case "agreement":
			o.Agreement, err = strconv.ParseFloat(value, 64)
			if err == nil && !(o.Agreement >= 0 && o.Agreement <= 1) {
				err = strconv.ErrRange
			}
			if o.Agreement == 0 {
				o.Agreement = -1
			}
		default:
			err = strconv.ErrSyntax
		}
		if err != nil {
			return o, fmt.Errorf("shapes: invalid option %q: use e.g. shapes:seed=2,agreement=0.9,train=20000,test=5000 (agreement 0 to 1)", printable.Line(field))
		}
	}
	return o, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err == nil && (n < 1 || n > 100_000_000) {
		err = strconv.ErrRange
	}
	return n, err
}

// shapes is one split.
type shapes struct {
	split     string
	n         int
	seed      uint64
	agreement int // of 65536
}

func (s *shapes) Name() string         { return "shapes" }
func (s *shapes) Split() string        { return s.split }
func (s *shapes) Len() int             { return s.n }
func (s *shapes) Classes() []string    { return shapesNames }
func (s *shapes) Shape() (c, h, w int) { return 3, shapesSide, shapesSide }
func (s *shapes) Title(i int) string   { return fmt.Sprintf("%s %d", s.split, i) }

// Label permutes the classes within blocks of ten images, so that every prefix of the set is
// balanced.
func (s *shapes) Label(i int) int {
	s.check(i)
	r := shapesStream(s.seed, uint64(i/10)<<1|1)
	var deck [10]uint8
	for k := range deck {
		deck[k] = uint8(k)
	}
	for k := 9; k > 0; k-- {
		j := r.below(k + 1)
		deck[k], deck[j] = deck[j], deck[k]
	}
	return int(deck[i%10])
}

func (s *shapes) check(i int) {
	if i < 0 || i >= s.n {
		panic(fmt.Sprintf("dataset: image %d of %d", i, s.n))
	}
}

func (s *shapes) Image(i int) (*Image, error) {
	im := NewImage(3, shapesSide, shapesSide)
	s.render(im.Pix, i, s.Label(i))
	return im, nil
}

func (s *shapes) ReadBatch(dst []float32, labels []int, indices []int) error {
	const size = 3 * shapesSide * shapesSide
	checkBatch(dst, labels, indices, size)
	for k, i := range indices {
		label := s.Label(i)
		s.render(dst[k*size:(k+1)*size], i, label)
		if labels != nil {
			labels[k] = label
		}
	}
	return nil
}

// shapesCanvas is an 8-bit image, CHW.
type shapesCanvas [3 * shapesSide * shapesSide]uint8

var shapesCanvases = sync.Pool{New: func() any { return new(shapesCanvas) }}

// render draws image i in 8 bits and scales it to [0,1].
func (s *shapes) render(dst []float32, i, label int) {
	canvas := shapesCanvases.Get().(*shapesCanvas)
	defer shapesCanvases.Put(canvas)
	r := shapesStream(s.seed, uint64(i)<<1)
	texture := label
	if r.below(65536) >= s.agreement {
		texture = (label + 1 + r.below(9)) % 10
	}
	var sc scene
	sc.draw(&r, label, texture)
	sc.paint(canvas, &r)
	for p, v := range canvas {
		dst[p] = unit[v]
	}
}

// stream is the random stream of an image: SplitMix64 (Steele, Lea, Flood 2014), whose state is a
// counter, so that a stream of any (seed, index) costs nothing to start.
type stream uint64

func (s *stream) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	return mix64(uint64(*s))
}

// below returns a number in [0, n); its bias, n/2³², is negligible here.
func (s *stream) below(n int) int { return int(s.next() >> 32 * uint64(n) >> 32) }

// between returns a number in [lo, hi], both included.
func (s *stream) between(lo, hi int) int { return lo + s.below(hi-lo+1) }

// chance returns true with a probability in percent.
func (s *stream) chance(percent int) bool { return s.below(100) < percent }

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func shapesSeed(seed, split uint64) uint64 { return mix64(mix64(seed) + split) }

func shapesStream(seed, index uint64) stream { return stream(mix64(seed ^ mix64(index+1))) }
