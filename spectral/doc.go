// Package spectral splits images into their low- and high-frequency components and
// measures spectra: arrays in, arrays out.
//
// An image plane x of height h and width w has the two-dimensional discrete Fourier
// transform
//
//	F(u,v) = Σ x[i,j] · exp(-2πi(u·i/h + v·j/w))
//
// with u and v counted from the zero frequency: u runs over -(h/2) … (h-1)/2 and v over
// -(w/2) … (w-1)/2 in integer division, so that after fftshift the zero frequency lies
// at (h/2, w/2). The low-frequency component at radius r keeps the coefficients whose
// distance √(u²+v²) is strictly below r, the high-frequency component keeps the rest
// (Wang, Wu, Huang, Xing: High-Frequency Component Helps Explain the Generalization of
// Convolutional Neural Networks, CVPR 2020, section 3). Every channel is a separate plane.
//
// The radius is a distance in bins: one unit is one cycle per image height along u and
// one cycle per image width along v. On a non-square image the disc in bins is therefore an
// ellipse in cycles per pixel.
//
// The distance depends on |u| and |v| alone, so the mask is even in u and in v and both
// components are real. They are never clipped or scaled, and add up to the image.
//
// There are two transforms. Small images use real Fourier matrices (dense.go), whose inverse
// is only as large as the radius; larger ones of any size use fast Fourier transforms of four
// sequences at once (fast.go), with Bluestein's algorithm for lengths with a large prime
// factor. Both have assembly for AVX2 and AVX-512; the environment variable HFCUI_CPU selects
// avx512, avx2 or portable instead of the fastest.
//
// [SVD] removes detail from images by truncated singular value decomposition instead, to test
// whether high frequencies are more than noise (section 8).
//
// Images are float32 in CHW or NCHW order. A slice of the wrong length is a programming error
// and panics; validate an untrusted radius with [CheckRadius]. Any number is a safe radius: for
// r ≤ 0 and NaN the low-frequency component is zero, for +Inf it is the image.
package spectral
