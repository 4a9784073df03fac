package spectral

import "math"

// powerTable is the power of the loaded image by absolute frequency, summed over its planes:
// at v·(h/2+1)+u the sum of |F(±u,±v)|²/(h·w). It is computed on first use.
type powerTable struct {
	known bool
	table []float64
	row   []float64
}

// powerSpectrum returns the table, computed once per loaded image.
func (s *Splitter) powerSpectrum() []float64 {
	p := &s.power
	if p.known {
		return p.table
	}
	h, w := s.h, s.w
	nu, nv := h/2+1, w/2+1
	p.table = grow(p.table, nu*nv)
	p.row = grow(p.row, h)
	clear(p.table)
	for plane := range s.planes {
		for v := range nv {
			s.transform.squares(p.row, plane, v)
			sums := p.table[v*nu:][:nu]
			norm := float64(multiplicity(v, w)) / float64(h*w)
			for u, square := range p.row {
				if s.flat[plane] && u+v > 0 {
					break // only rounding error
				}
				sums[min(u, h-u)] += square * norm
			}
		}
	}
	p.known = true
	return p.table
}

// Energy returns the fractions of the loaded image's energy in its low- and high-frequency
// components at radius r, excluding the mean of each plane (the zero frequency). They sum to
// 1; both are 0 if there is no other energy, as in a constant image.
func (s *Splitter) Energy(r float64) (low, high float64) {
	total := s.energyWithin(math.Inf(1))
	if !(total > 0) {
		return 0, 0
	}
	low = s.energyWithin(r) / total
	return low, 1 - low
}

// energyWithin sums the power at distances below r, excluding the zero frequency.
func (s *Splitter) energyWithin(r float64) float64 {
	table, nu := s.powerSpectrum(), s.h/2+1
	var sum float64
	for v := 0; v <= s.w/2; v++ {
		var column float64
		for u, power := range table[v*nu:][:edge(v, s.h, r)] {
			if u+v > 0 {
				column += power
			}
		}
		sum += column
	}
	return sum
}

// RadialProfile returns the mean power |F|²/(h·w) of the loaded image's coefficients, over all
// planes, by distance: element k averages k ≤ √(u²+v²) < k+1, so that the low-frequency
// component at an integer radius r is exactly the first r elements. Its length is MaxRadius;
// element 0 is the zero frequency alone.
func (s *Splitter) RadialProfile() []float64 {
	table, nu := s.powerSpectrum(), s.h/2+1
	profile := make([]float64, int(MaxRadius(s.h, s.w)))
	count := make([]float64, len(profile))
	for v := 0; v <= s.w/2; v++ {
		for u, power := range table[v*nu:][:nu] {
			k := int(distance(u, v))
			profile[k] += power
			count[k] += float64(multiplicity(u, s.h) * multiplicity(v, s.w) * s.planes)
		}
	}
	for k, n := range count {
		if n > 0 {
			profile[k] /= n
		}
	}
	return profile
}

// amplitudes is the workspace of LogSpectrum.
type amplitudes struct {
	mean    []float64   // (w/2+1)·h, column after column
	product [][]float64 // by worker, of length h
	square  [][]float64
}

// LogSpectrum writes the log spectrum of the loaded image to dst, h·w long: log(1+|F|)
// averaged over the planes, the zero frequency at (h/2, w/2), divided by its maximum so that
// it lies in [0,1]. An all-zero image yields zeros.
func (s *Splitter) LogSpectrum(dst []float32) {
	h, w := s.h, s.w
	checkLen("the spectrum", len(dst), h*w)
	a := &s.amplitudes
	a.mean = grow(a.mean, h*(w/2+1))
	for len(a.product) < s.workers.threads {
		a.product = append(a.product, make([]float64, h))
		a.square = append(a.square, make([]float64, h))
	}
	s.workers.each(w/2+1, s.logs)
	var largest float64
	for _, value := range a.mean {
		largest = max(largest, value)
	}
	scale := 0.0
	if largest > 0 {
		scale = 1 / largest
	}
	// F(-u,-v) is the conjugate of F(u,v): the half spectrum determines the other half.
	for u := range h {
		row := dst[(u+h/2)%h*w:][:w]
		mirrored := dst[((h-u)%h+h/2)%h*w:][:w]
		for v := 0; v <= w/2; v++ {
			value := float32(a.mean[v*h+u] * scale)
			row[(v+w/2)%w] = value
			if multiplicity(v, w) == 2 {
				mirrored[w/2-v] = value
			}
		}
	}
}

// logColumn sums log(1+|F|) over the planes for one v, as the logarithm of the product of
// 1+|F|: one logarithm instead of one per plane. With many planes it takes intermediate
// logarithms, long before the product overflows.
func (s *Splitter) logColumn(worker, v int) {
	const overflow = 1e150
	h, a := s.h, &s.amplitudes
	mean := a.mean[v*h:][:h]
	product, square := a.product[worker], a.square[worker]
	clear(mean)
	for u := range product {
		product[u] = 1
	}
	for p := range s.planes {
		s.transform.squares(square, p, v)
		for u, value := range square {
			product[u] *= 1 + math.Sqrt(value)
			if product[u] > overflow {
				mean[u] += math.Log(product[u])
				product[u] = 1
			}
		}
	}
	for u, value := range product {
		mean[u] += math.Log(value)
	}
}
