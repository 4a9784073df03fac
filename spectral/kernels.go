package spectral

import (
	"fmt"
	"math"
)

// Smooth writes the smoothed convolution kernels w to dst, both OIHW (o·i·kh·kw):
//
//	dst[y,x] = w[y,x] + ρ · Σ w[y',x'] over the eight neighbors of (y,x)
//
// A neighbor outside the kernel takes the value of the nearest weight inside, so a 1×1 kernel
// is multiplied by 1+8ρ. Nothing is renormalized: the sum of a constant kernel grows by the
// factor 1+8ρ (Wang et al. 2020, section 6). dst must not overlap w; a wrong length panics.
func Smooth(dst, w []float32, o, i, kh, kw int, rho float64) {
	checkKernels(w, o, i, kh, kw)
	checkLen("the smoothed kernels", len(dst), len(w))
	for k := 0; k < len(w); k += kh * kw {
		kernel, smooth := w[k:][:kh*kw], dst[k:][:kh*kw]
		for y := range kh {
			rows := [3]int{max(y-1, 0), y, min(y+1, kh-1)}
			for x := range kw {
				columns := [3]int{max(x-1, 0), x, min(x+1, kw-1)}
				var sum float64
				for _, j := range rows {
					for _, c := range columns {
						sum += float64(kernel[j*kw+c])
					}
				}
				center := float64(kernel[y*kw+x])
				smooth[y*kw+x] = float32(center + rho*(sum-center))
			}
		}
	}
}

// Roughness returns the kernel roughness of all kernels w (OIHW) together: the energy of the
// differences between vertically and horizontally adjacent weights over the energy of the
// weights. It is 0 for constant kernels, for all-zero weights and for 1×1 kernels.
func Roughness(w []float32, o, i, kh, kw int) float64 {
	checkKernels(w, o, i, kh, kw)
	var differences, energy float64
	for k := 0; k < len(w); k += kh * kw {
		kernel := w[k:][:kh*kw]
		for at, value := range kernel {
			v := float64(value)
			energy += v * v
			if at%kw+1 < kw {
				d := float64(kernel[at+1]) - v
				differences += d * d
			}
			if at+kw < len(kernel) {
				d := float64(kernel[at+kw]) - v
				differences += d * d
			}
		}
	}
	if energy == 0 {
		return 0
	}
	return differences / energy
}

// Response returns the frequency response of the kernels w (OIHW): the amplitude |F| of their
// transforms, zero-padded to size×size, averaged over all kernels and over the frequencies of
// each radial bin. The bins divide the distances from 0 to that of the corner, √2·(size/2),
// evenly and in ascending order; the corner itself is in the last. A bin too narrow to contain
// a frequency repeats the previous one. size and bins must be at least 1, else it panics.
func Response(w []float32, o, i, kh, kw, size, bins int) []float64 {
	checkKernels(w, o, i, kh, kw)
	if size < 1 || bins < 1 {
		panic(fmt.Sprintf("spectral: response over %d frequencies in %d bins", size, bins))
	}
	t := newKernelTransform(kh, kw, size, bins)
	response := make([]float64, bins)
	for k := 0; k < len(w); k += kh * kw {
		t.rows(w[k:][:kh*kw])
		t.add(response)
	}
	kernels := float64(len(w) / (kh * kw))
	for bin, n := range t.count {
		if n > 0 && kernels > 0 {
			response[bin] /= n * kernels
		} else if bin > 0 {
			response[bin] = response[bin-1]
		}
	}
	return response
}

// kernelTransform is the transform of one kernel at size×size frequencies, first along its
// rows, then, frequency by frequency, along its columns. Half of the frequencies along rows
// suffice, since those at -v are the conjugates of those at v.
type kernelTransform struct {
	kh, kw, size int
	cos, sin     []float64 // of 2π·k/size
	re, im       []float64 // (size/2+1)×kh
	bin          []int     // (size/2+1)×(size/2+1): the bin of frequency (u, v), at v·(size/2+1)+u
	count        []float64 // frequencies of a bin
}

func newKernelTransform(kh, kw, size, bins int) *kernelTransform {
	half := size/2 + 1
	t := &kernelTransform{kh: kh, kw: kw, size: size, re: make([]float64, half*kh), im: make([]float64, half*kh)}
	t.cos, t.sin = make([]float64, size), make([]float64, size)
	for k := range size {
		t.sin[k], t.cos[k] = math.Sincos(2 * math.Pi * float64(k) / float64(size))
	}
	t.bin, t.count = make([]int, half*half), make([]float64, bins)
	corner := distance(size/2, size/2)
	for v := range half {
		for u := range half {
			bin := 0
			if corner > 0 {
				bin = min(int(distance(u, v)/corner*float64(bins)), bins-1)
			}
			t.bin[v*half+u] = bin
			t.count[bin] += float64(multiplicity(u, size) * multiplicity(v, size))
		}
	}
	return t
}

func (t *kernelTransform) rows(kernel []float32) {
	for v := range t.size/2 + 1 {
		for y := range t.kh {
			var re, im float64
			for x, value := range kernel[y*t.kw:][:t.kw] {
				k := v * x % t.size
				re += float64(value) * t.cos[k]
				im -= float64(value) * t.sin[k]
			}
			t.re[v*t.kh+y], t.im[v*t.kh+y] = re, im
		}
	}
}

// add adds the amplitudes at all frequencies to the sums of their bins. With C = Σ a·cos and S
// = Σ a·sin over the column a, the transform at u is C - iS and that at -u is C + iS.
func (t *kernelTransform) add(sums []float64) {
	half := t.size/2 + 1
	for v := range half {
		re, im := t.re[v*t.kh:][:t.kh], t.im[v*t.kh:][:t.kh]
		weight := float64(multiplicity(v, t.size))
		for u := range half {
			cr, ci, sr, si := re[0], im[0], 0.0, 0.0
			for y, k := 1, u; y < len(re); y++ {
				cos, sin := t.cos[k], t.sin[k]
				cr += re[y] * cos
				ci += im[y] * cos
				sr += re[y] * sin
				si += im[y] * sin
				if k += u; k >= t.size {
					k -= t.size
				}
			}
			amplitude := math.Sqrt((cr+si)*(cr+si) + (ci-sr)*(ci-sr))
			if multiplicity(u, t.size) == 2 {
				amplitude += math.Sqrt((cr-si)*(cr-si) + (ci+sr)*(ci+sr))
			}
			sums[t.bin[v*half+u]] += weight * amplitude
		}
	}
}

func checkKernels(w []float32, o, i, kh, kw int) {
	if o < 0 || i < 0 || kh < 1 || kw < 1 {
		panic(fmt.Sprintf("spectral: kernels of shape %d×%d×%d×%d", o, i, kh, kw))
	}
	checkLen("the kernels", len(w), o*i*kh*kw)
}
