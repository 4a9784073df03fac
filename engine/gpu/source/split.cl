// Low- and high-pass images: package spectral's definition. Planes are float32, row-major. A disc is
// words of int32: what of the Fourier plane is transformed back, by the names below; how components are
// normalized; and, for every |u|, how many of |v| = 0, 1, … lie in the disc.
#define INSIDE 0
#define OUTSIDE 1
#define NOTHING 2 // the low-pass image is zero
#define EVERYTHING 3 // it is the image

#define TRANSFORMED_BACK(disc, u, v) (((v) < (disc)[2 + (u)]) != ((disc)[0] == OUTSIDE))

// Every element of an axis of y, of `to` elements, is the sum of those of x's, of n, times a row of weights
// [to,n]. Steps along the axis are inner; ranges has, for every row, its first weight that is not zero,
// and the end of them. size is y's.
KERNEL_OF(256) resampled(GLOBAL const float *x, GLOBAL float *y, GLOBAL const float *weights, GLOBAL const int *ranges, int size, int n, int to, int inner) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= size) return;
	int row = i / inner % to;
	GLOBAL const float *from = x + (OFFSET)(i / inner / to) * n * inner + i % inner, *weight = weights + (OFFSET)row * n;
	float sum = 0.0f;
	for (int j = ranges[2 * row]; j < ranges[2 * row + 1]; j++) sum = FMA(weight[j], from[(OFFSET)j * inner], sum);
	y[i] = sum;
}

// y [K,P] is x [P,K] transposed.
KERNEL_OF(256) turned(GLOBAL const float *x, GLOBAL float *y, int P, int K) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < P * K) y[(OFFSET)(i % K) * P + i / K] = x[i];
}

// y [h,w,P] is what a disc keeps of coefficients x of cosines and sines, the constant first, then both of
// every frequency.
KERNEL_OF(256) kept(GLOBAL const float *x, GLOBAL float *y, GLOBAL const int *discs, int from, int h, int w, int P) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= h * w * P) return;
	GLOBAL const int *disc = discs + from;
	int u = (i / P / w + 1) / 2, v = (i / P % w + 1) / 2;
	y[i] = TRANSFORMED_BACK(disc, u, v) ? x[i] : 0.0f;
}

// flat[p] is whether all pixels of plane p are equal.
KERNEL_OF(256) evenness(GLOBAL const float *x, GLOBAL int *flat, int pixels) {
	SHARED float sums[256];
	GLOBAL const float *plane = x + (OFFSET)GROUP(0) * pixels;
	float different = 0.0f;
	for (int i = THREAD; i < pixels; i += 256)
		if (plane[i] != plane[0]) different = 1.0f;
	different = group_sum(sums, 256, different);
	if (THREAD == 0) flat[GROUP(0)] = different == 0.0f;
}

// Discrete Fourier transforms of sequences that lie in pairs of planes: real and imaginary part. A pair is
// two channels of an image, the last with zero if their number is odd; since components of real images are
// real, both are transformed at once and need not be told apart. An image has planes_x planes in x and
// planes_y in y. Each pair has `lines` sequences of n numbers: number j of sequence l is at
// l·across + j·along. A group transforms POINTS/m sequences of m numbers by passes of Stockham's, whose
// radices are packed, three bits each. m is n or, where n has a prime factor above 7, a length for
// Bluestein's convolution. The table has the m-th roots of unity exp(−2πi·k/m) and, for Bluestein, the
// chirp of n numbers and the filter of m.
//
// back: the inverse, up to the factor that the result is multiplied by; with masked, of what a disc
// keeps of columns.
#define POINTS 2048

#define SWAPPED(back, a, b) \
	if (back) { \
		float c_ = a; \
		a = b, b = c_; \
	}

// a + ib times number k of complex numbers.
#define TURN(a, b, numbers, k) { \
		float c_ = (numbers)[2 * (k)], s_ = (numbers)[2 * (k) + 1], a_ = a; \
		a = FMA(a_, c_, -(b * s_)), b = FMA(a_, s_, b * c_); \
	}

// Number i of a butterfly's input, times its root.
#define POINT(i, R) \
	a[i] = from_re[at + (i) * (m / (R))], b[i] = from_im[at + (i) * (m / (R))]; \
	if ((i) > 0) TURN(a[i], b[i], table, (i) * k * (m / (length * (R))))

#define BUTTERFLY(R, ...) { \
		float a[R], b[R]; \
		_Pragma("unroll") for (int i = 0; i < R; i++) { POINT(i, R) } \
		__VA_ARGS__ \
	}

#define RESULT(i, re, im) to_re[to + (i) * length] = re, to_im[to + (i) * length] = im;

// By the sum itself.
#define SUMS(R) BUTTERFLY(R, \
		_Pragma("unroll") for (int p = 0; p < R; p++) { \
			float re = a[0], im = b[0]; \
			_Pragma("unroll") for (int i = 1; i < R; i++) { \
				float x_ = a[i], y_ = b[i]; \
				if (p > 0) TURN(x_, y_, table, i * p % R * (m / R)) \
				re += x_, im += y_; \
			} \
			RESULT(p, re, im) \
		})

KERNEL_OF(256) fourier(GLOBAL const float *x, GLOBAL float *y, GLOBAL const float *table, GLOBAL const int *discs, int from_disc,
	int planes_x, int planes_y, int pairs, int pixels, int lines, int across, int along, int sequences, int n, int m, int radices,
	int back, int masked, float factor) {
	SHARED float re[2 * POINTS];
	SHARED float im[2 * POINTS];
	int count = POINTS / m, first = GROUP(0) * count, bluestein = m != n;
	GLOBAL const float *chirp = table + 2 * m, *filter = chirp + 2 * n;
	GLOBAL const int *disc = discs + from_disc;
	for (int e = THREAD; e < count * m; e += 256) {
		int q = along == 1 ? e / m : e % count, j = along == 1 ? e % m : e / count, s = first + q;
		float a = 0.0f, b = 0.0f;
		if (s < sequences && j < n) {
			int pair = s / lines, l = s % lines, channel = pair % pairs * 2;
			GLOBAL const float *p = x + ((OFFSET)(pair / pairs) * planes_x + channel) * pixels + l * across + j * along;
			int u = j < n - j ? j : n - j, v = l < lines - l ? l : lines - l;
			if (!masked || TRANSFORMED_BACK(disc, u, v)) {
				a = p[0];
				if (channel + 1 < planes_x) b = p[pixels];
			}
			SWAPPED(back, a, b)
			if (bluestein) TURN(a, b, chirp, j)
		}
		re[q * m + j] = a, im[q * m + j] = b;
	}
	SYNC();

	int side = 0; // which half of re and im the numbers are in
	ROLLED for (int round = 0; round <= bluestein; round++) {
		int length = 1;
		ROLLED for (int left = radices; left > 0; left /= 8) {
			LOCAL const float *from_re = re + side * POINTS, *from_im = im + side * POINTS;
			side = 1 - side;
			int R = left % 8;
			for (int e = THREAD; e < count * (m / R); e += 256) {
				int q = e / (m / R), j = e % (m / R), k = j % length, at = q * m + j;
				LOCAL float *to_re = re + side * POINTS, *to_im = im + side * POINTS;
				int to = q * m + j / length * length * R + k;
				if (R == 4) BUTTERFLY(4,
					float p0 = a[0] + a[2], p1 = a[0] - a[2], p2 = a[1] + a[3], p3 = a[1] - a[3];
					float q0 = b[0] + b[2], q1 = b[0] - b[2], q2 = b[1] + b[3], q3 = b[1] - b[3];
					RESULT(0, p0 + p2, q0 + q2)
					RESULT(1, p1 + q3, q1 - p3)
					RESULT(2, p0 - p2, q0 - q2)
					RESULT(3, p1 - q3, q1 + p3))
				else if (R == 2) BUTTERFLY(2, RESULT(0, a[0] + a[1], b[0] + b[1]) RESULT(1, a[0] - a[1], b[0] - b[1]))
				else if (R == 3) SUMS(3)
				else if (R == 5) SUMS(5)
				else SUMS(7)
			}
			SYNC();
			length *= R;
		}
		if (round < bluestein) { // the product of transforms, whose inverse is the convolution
			for (int e = THREAD; e < count * m; e += 256) {
				float a = re[side * POINTS + e], b = im[side * POINTS + e];
				TURN(a, b, filter, e % m)
				re[side * POINTS + e] = b, im[side * POINTS + e] = a;
			}
			SYNC();
		}
	}

	for (int e = THREAD; e < count * n; e += 256) {
		int q = along == 1 ? e / n : e % count, j = along == 1 ? e % n : e / count, s = first + q;
		if (s >= sequences) continue;
		float a = re[side * POINTS + q * m + j], b = im[side * POINTS + q * m + j];
		if (bluestein) {
			SWAPPED(1, a, b)
			TURN(a, b, chirp, j)
		}
		SWAPPED(back, a, b)
		int pair = s / lines, l = s % lines, channel = pair % pairs * 2;
		GLOBAL float *p = y + ((OFFSET)(pair / pairs) * planes_y + channel) * pixels + l * across + j * along;
		p[0] = a * factor;
		if (channel + 1 < planes_y) p[pixels] = b * factor;
	}
}

// Both components at radius number `radius`, of what has been transformed back, part [N,C,pixels], in
// their places in slab, which begins with the whole images; size is N·C·pixels.
KERNEL_OF(256) components(GLOBAL float *slab, GLOBAL const float *part, GLOBAL const int *discs, int from_disc, GLOBAL const int *flat,
	int radius, int size, int pixels) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= size) return;
	int which = discs[from_disc];
	if (which < NOTHING && flat[i / pixels]) which = EVERYTHING;
	float x = slab[i], d = part[i];
	slab[(OFFSET)(1 + 2 * radius) * size + i] = which == INSIDE ? d : which == OUTSIDE ? x - d : which == NOTHING ? 0.0f : x;
	slab[(OFFSET)(2 + 2 * radius) * size + i] = which == INSIDE ? x - d : which == OUTSIDE ? d : which == NOTHING ? x : 0.0f;
}

// The largest of a group's values, known to all of its threads.
FUNC float group_largest(LOCAL float *values, float v) {
	values[THREAD] = v;
	SYNC();
	ROLLED for (int upper = 128; upper > 0; upper /= 2) {
		if (THREAD < upper) values[THREAD] = greater(values[THREAD], values[THREAD + upper]);
		SYNC();
	}
	v = values[0];
	SYNC();
	return v;
}

#define MAX 1
#define STD 2

// A group normalizes one of the 2·N components of n pixels at a radius.
KERNEL_OF(256) normalized(GLOBAL float *slab, GLOBAL const int *discs, int from_disc, int radius, int N, int n) {
	SHARED float sums[256];
	GLOBAL float *v = slab + ((OFFSET)(1 + 2 * radius) * N + GROUP(0)) * n;
	int how = discs[from_disc + 1];
	float largest = 0.0f, sum = 0.0f;
	for (int i = THREAD; i < n; i += 256) {
		largest = greater(v[i], largest);
		sum += v[i];
	}
	largest = group_largest(sums, largest);
	float mean = group_sum(sums, 256, sum) / (float)n, squares = 0.0f;
	for (int i = THREAD; i < n; i += 256) squares = FMA(v[i] - mean, v[i] - mean, squares);
	float deviation = SQRT(group_sum(sums, 256, squares) / (float)n);
	if (how == MAX && largest > 0.0f)
		for (int i = THREAD; i < n; i += 256) v[i] /= largest;
	if (how == STD && deviation >= 1e-6f)
		for (int i = THREAD; i < n; i += 256) v[i] = (v[i] - mean) / deviation;
}

// A group's low-pass image of n pixels at a radius, and its whole image: their distance, squared in L2,
// and in L∞.
KERNEL_OF(256) distances(GLOBAL const float *slab, GLOBAL float *distance, int radius, int N, int n) {
	SHARED float sums[256];
	int image = GROUP(0);
	GLOBAL const float *x = slab + (OFFSET)image * n, *low = slab + ((OFFSET)(1 + 2 * radius) * N + image) * n;
	float squares = 0.0f, largest = 0.0f;
	for (int i = THREAD; i < n; i += 256) {
		float difference = x[i] - low[i];
		squares = FMA(difference, difference, squares);
		largest = greater(difference < 0.0f ? -difference : difference, largest);
	}
	squares = group_sum(sums, 256, squares);
	largest = group_largest(sums, largest);
	if (THREAD == 0) distance[2 * (radius * N + image)] = squares, distance[2 * (radius * N + image) + 1] = largest;
}
