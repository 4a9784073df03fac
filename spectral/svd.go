package spectral

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// SVD splits one image of a fixed size by truncated singular value decomposition, the other
// way to take detail from an image that section 8 of the paper holds the Fourier split
// against. Every plane x is U·Σ·Vᵀ, a matrix of h rows and w columns with the singular
// values in falling order; its part of rank k is
//
//	x_k = Σ σ_i·u_i·v_iᵀ  over the k largest σ_i
//
// and the remainder is x - x_k. Both are orthogonal, so their energies add up to the
// image's, the mean counted: unlike a Fourier split, this one does not keep the mean apart.
// One rank holds for all planes of an image.
//
// A SVD owns its workspace and keeps the loaded image's decomposition, so that a new rank
// costs only a product. Not for concurrent use.
type SVD struct {
	h, w, n int // n is the smaller of h and w
	planes  int
	x       []float32
	parts   []singular // by plane
	tail    []float64  // tail[k] is the remainder's energy at rank k, all planes together
	workers *pool
	desks   []svdDesk
	one     func(worker, p int)
}

// singular is the decomposition of one plane, or of its transpose where that is the taller
// one, by eigenvectors of the smaller Gram matrix. Those of float32 pixels in float64 are as
// good as the SVD itself: squaring costs half of the digits that there are to spare.
type singular struct {
	vectors blas64.General // n×n, a right singular vector a column, smallest σ first
	images  blas64.General // m×n, the plane times each: σ_i·u_i
	values  []float64      // σ², smallest first
	ok      bool
}

// svdDesk is what a worker needs.
type svdDesk struct {
	tall, out blas64.General // m×n
	work      []float64
}

// NewSVD returns an SVD for images of h×w pixels, each 1 or more. Time grows with the third
// power of the size: 32×32 take a fifth of a millisecond a plane, 256×256 a fifth of a
// second. Planes of 128×128 and more are decomposed on all processors.
func NewSVD(h, w int) *SVD {
	checkSize(h, w)
	s := &SVD{h: h, w: w, n: min(h, w)}
	threads := 1
	if h*w >= parallelPixels {
		threads = runtime.GOMAXPROCS(0)
	}
	s.workers = newPool(threads)
	s.one = s.decompose
	m := max(h, w)
	query := make([]float64, 1)
	lapack64.Syev(lapack.EVCompute, blas64.Symmetric{Uplo: blas.Upper, N: s.n, Data: make([]float64, s.n*s.n), Stride: s.n}, make([]float64, s.n), query, -1)
	for range s.workers.threads {
		s.desks = append(s.desks, svdDesk{tall: general(m, s.n), out: general(m, s.n), work: make([]float64, int(query[0]))})
	}
	return s
}

func general(rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
}

// MaxRank is the smaller side of the image: at this rank its part is the whole image.
func (s *SVD) MaxRank() int { return s.n }

// Load takes an image of one or more planes, len(x) = planes·h·w, and decomposes it. The
// pixels are copied. It fails only for numbers that are not finite.
func (s *SVD) Load(x []float32) error {
	size := s.h * s.w
	if len(x) == 0 || len(x)%size != 0 {
		panic(fmt.Sprintf("spectral: image of length %d, want planes of %d×%d", len(x), s.w, s.h))
	}
	s.planes = len(x) / size
	s.x = grow(s.x, len(x))
	copy(s.x, x)
	for len(s.parts) < s.planes {
		s.parts = append(s.parts, singular{general(s.n, s.n), general(max(s.h, s.w), s.n), make([]float64, s.n), false})
	}
	s.workers.each(s.planes, s.one)
	s.tail = grow(s.tail, s.n+1)
	clear(s.tail)
	for p := range s.planes {
		part := &s.parts[p]
		if !part.ok {
			return errors.New("the image has no singular values: its numbers are not finite")
		}
		sum := 0.0
		for k := s.n - 1; k >= 0; k-- {
			sum += part.values[s.n-1-k]
			s.tail[k] += sum
		}
	}
	return nil
}

// decompose finds the singular values and vectors of plane p.
func (s *SVD) decompose(worker, p int) {
	part, desk := &s.parts[p], &s.desks[worker]
	part.ok = true
	var sum float64
	s.matrix(desk.tall, p, func(at, i int) {
		v := float64(s.x[p*s.h*s.w+i])
		desk.tall.Data[at] = v
		sum += v * v
	})
	if part.ok = !math.IsNaN(sum) && !math.IsInf(sum, 0); !part.ok {
		return
	}
	gram := blas64.Symmetric{Uplo: blas.Upper, N: s.n, Stride: s.n, Data: part.vectors.Data}
	blas64.Syrk(blas.Trans, 1, desk.tall, 0, gram)
	part.ok = lapack64.Syev(lapack.EVCompute, gram, part.values, desk.work, len(desk.work))
	for i, v := range part.values {
		part.values[i] = max(v, 0) // a rounding below
	}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, desk.tall, part.vectors, 0, part.images)
}

// matrix calls visit with the place of every pixel of a plane in its taller matrix.
func (s *SVD) matrix(tall blas64.General, p int, visit func(at, pixel int)) {
	for i := range s.h * s.w {
		if s.h >= s.w {
			visit(i, i)
		} else {
			visit(i%s.w*tall.Stride+i/s.w, i)
		}
	}
}

// Split writes the part of rank k of the loaded image to low and the remainder to high, each
// planes·h·w long or nil when it is not wanted. At rank 0 and at MaxRank one of them is zero
// and the other the image; k outside counts as the nearer of both.
func (s *SVD) Split(low, high []float32, k int) {
	if low != nil {
		checkLen("low", len(low), len(s.x))
	}
	if high != nil {
		checkLen("high", len(high), len(s.x))
	}
	k = min(max(k, 0), s.n)
	size := s.h * s.w
	s.workers.each(s.planes, func(worker, p int) {
		var l, h []float32
		if low != nil {
			l = low[p*size:][:size]
		}
		if high != nil {
			h = high[p*size:][:size]
		}
		s.splitPlane(l, h, worker, p, k)
	})
}

// splitPlane makes the side of fewer singular values and takes the other as what is left of
// the image, so that low + high is the image.
func (s *SVD) splitPlane(low, high []float32, worker, p, k int) {
	part, desk := &s.parts[p], &s.desks[worker]
	from, count, direct, other := s.n-k, k, low, high
	if 2*k > s.n {
		from, count, direct, other = 0, s.n-k, high, low
	}
	if count == 0 {
		clear(direct)
		if other != nil {
			copy(other, s.x[p*s.h*s.w:])
		}
		return
	}
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, columns(part.images, from, count), columns(part.vectors, from, count), 0, desk.out)
	s.matrix(desk.out, p, func(at, i int) {
		v := float32(desk.out.Data[at])
		if direct != nil {
			direct[i] = v
		}
		if other != nil {
			other[i] = s.x[p*s.h*s.w+i] - v
		}
	})
}

// columns are some of a matrix's.
func columns(a blas64.General, from, count int) blas64.General {
	return blas64.General{Rows: a.Rows, Cols: count, Stride: a.Stride, Data: a.Data[from:]}
}

// Energy returns which shares of the loaded image's energy, the mean counted, its part of
// rank k and the remainder hold. They add up to 1; both are 0 for an image of zeros.
func (s *SVD) Energy(k int) (low, high float64) {
	if !(s.tail[0] > 0) {
		return 0, 0
	}
	high = s.tail[min(max(k, 0), s.n)] / s.tail[0]
	return 1 - high, high
}

// Matched returns the rank at which the loaded image's two parts divide its energy most
// nearly as low and high do, the parts of another orthogonal split of the same image: the
// one whose remainder's energy, the sum of its squares, is nearest to that of high, the
// smaller rank of two equally near. A remainder of nothing is matched by MaxRank. Its
// second answer is the share of the energy, the mean counted, that is not in high.
//
// With the Fourier parts at r this is the comparison of the paper's section 8. Whether the
// mean is counted makes no difference to it, as long as r > 0 keeps it in the low part:
// both remainders are compared as they are, and both splits begin with the same image.
func (s *SVD) Matched(high []float32) (k int, low float64) {
	checkLen("high", len(high), len(s.x))
	var energy float64
	for _, v := range high {
		energy += float64(v) * float64(v)
	}
	if energy == 0 {
		return s.n, 1
	}
	for at, tail := range s.tail {
		if math.Abs(tail-energy) < math.Abs(s.tail[k]-energy) {
			k = at
		}
	}
	if s.tail[0] > 0 {
		low = max(1-energy/s.tail[0], 0)
	}
	return k, low
}
