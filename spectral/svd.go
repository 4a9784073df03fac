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

// SVD splits one image of a fixed size by truncated singular value decomposition, which section
// 8 of the paper compares with the Fourier split. Every plane x is U·Σ·Vᵀ, a matrix of h rows and
// w columns with the singular values in descending order; its rank-k approximation is
//
//	x_k = Σ σ_i·u_i·v_iᵀ  over the k largest σ_i
//
// and the remainder is x - x_k. The two are orthogonal, so their energies add up to the
// image's, including the mean: unlike a Fourier split, this one does not separate the mean.
// One rank applies to all planes of an image.
//
// An SVD owns its workspace and keeps the loaded image's decomposition, so that a new rank
// costs only a product. It is not safe for concurrent use.
type SVD struct {
	h, w, n    int // n is the smaller of h and w
	planes     int
	x          []float32
	parts      []singular // by plane
	tail       []float64  // tail[k] is the remainder's energy at rank k, summed over all planes
	workers    *pool
	workspaces []svdWorkspace
	one        func(worker, p int)
}

// singular is the decomposition of one plane, or of its transpose if that is the taller matrix,
// by eigenvectors of the smaller Gram matrix. Squaring loses half of the digits, but in float64
// the result is as accurate as the float32 pixels.
type singular struct {
	vectors blas64.General // n×n, one right singular vector per column, smallest σ first
	images  blas64.General // m×n, the plane times each of them: σ_i·u_i
	values  []float64      // σ², smallest first
	ok      bool
}

// svdWorkspace is the scratch memory of one worker.
type svdWorkspace struct {
	tall, out blas64.General // m×n
	work      []float64
}

// NewSVD returns an SVD for images of h×w pixels, each at least 1. Time grows with the third
// power of the size: about 0.2 ms per plane of 32×32, 0.2 s for 256×256. Planes of at least
// 128·128 pixels are decomposed on all cores.
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
		s.workspaces = append(s.workspaces, svdWorkspace{tall: general(m, s.n), out: general(m, s.n), work: make([]float64, int(query[0]))})
	}
	return s
}

func general(rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
}

// MaxRank returns the smaller side of the image: the approximation of this rank is the whole image.
func (s *SVD) MaxRank() int { return s.n }

// Load copies and decomposes an image of one or more planes, len(x) = planes·h·w; any other
// length panics. It returns an error only if a pixel is not finite.
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
			return errors.New("the image contains NaN or infinity and has no singular values")
		}
		sum := 0.0
		for k := s.n - 1; k >= 0; k-- {
			sum += part.values[s.n-1-k]
			s.tail[k] += sum
		}
	}
	return nil
}

// decompose computes the singular values and vectors of plane p.
func (s *SVD) decompose(worker, p int) {
	part, own := &s.parts[p], &s.workspaces[worker]
	part.ok = true
	var sum float64
	s.matrix(own.tall, p, func(at, i int) {
		v := float64(s.x[p*s.h*s.w+i])
		own.tall.Data[at] = v
		sum += v * v
	})
	if part.ok = !math.IsNaN(sum) && !math.IsInf(sum, 0); !part.ok {
		return
	}
	gram := blas64.Symmetric{Uplo: blas.Upper, N: s.n, Stride: s.n, Data: part.vectors.Data}
	blas64.Syrk(blas.Trans, 1, own.tall, 0, gram)
	part.ok = lapack64.Syev(lapack.EVCompute, gram, part.values, own.work, len(own.work))
	for i, v := range part.values {
		part.values[i] = max(v, 0) // rounding error may make it negative
	}
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, own.tall, part.vectors, 0, part.images)
}

// matrix calls visit with the index of every pixel of a plane and of its element in the taller
// matrix.
func (s *SVD) matrix(tall blas64.General, p int, visit func(at, pixel int)) {
	for i := range s.h * s.w {
		if s.h >= s.w {
			visit(i, i)
		} else {
			visit(i%s.w*tall.Stride+i/s.w, i)
		}
	}
}

// Split writes the rank-k approximation of the loaded image to low and the remainder to high,
// each planes·h·w long or nil to skip it. At rank 0 and at MaxRank one of them is zero and the
// other the image; k is clamped to that range.
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

// splitPlane computes the component with fewer singular values and subtracts it from the image
// for the other, so that low + high is the image.
func (s *SVD) splitPlane(low, high []float32, worker, p, k int) {
	part, own := &s.parts[p], &s.workspaces[worker]
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
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, columns(part.images, from, count), columns(part.vectors, from, count), 0, own.out)
	s.matrix(own.out, p, func(at, i int) {
		v := float32(own.out.Data[at])
		if direct != nil {
			direct[i] = v
		}
		if other != nil {
			other[i] = s.x[p*s.h*s.w+i] - v
		}
	})
}

// columns returns a range of a matrix's columns.
func columns(a blas64.General, from, count int) blas64.General {
	return blas64.General{Rows: a.Rows, Cols: count, Stride: a.Stride, Data: a.Data[from:]}
}

// Energy returns the fractions of the loaded image's energy, including the mean, in its rank-k
// approximation and in the remainder. They sum to 1; both are 0 for an all-zero image.
func (s *SVD) Energy(k int) (low, high float64) {
	if !(s.tail[0] > 0) {
		return 0, 0
	}
	high = s.tail[min(max(k, 0), s.n)] / s.tail[0]
	return 1 - high, high
}

// Values returns the loaded image's singular values, largest first: the root mean square over its
// planes, whose values are summed by rank.
func (s *SVD) Values() []float64 {
	values := make([]float64, s.n)
	for i := range values {
		for p := range s.planes {
			values[i] += s.parts[p].values[s.n-1-i]
		}
		values[i] = math.Sqrt(values[i] / float64(s.planes))
	}
	return values
}

// Matched returns the rank k that splits the loaded image's energy most similarly to another
// orthogonal split with second component high: the rank whose remainder's energy (sum of squares) is
// closest to that of high, the smaller one of ties; MaxRank for a zero remainder. low is the
// fraction of the energy, including the mean, that is not in high.
//
// With the Fourier components at r this is the comparison of the paper's section 8. Including the
// mean does not affect it for r > 0, since the mean is then in the low-frequency component.
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
