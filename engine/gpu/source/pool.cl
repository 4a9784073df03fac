// Pooling over windows of R×S taps of x [N, H, W, octets·8], to y [N, OH, OW, octets·8], and its
// gradients. Channels from C on are zero.
//
// A thread computes 8 channels of one pixel. Gradients are gathered: each element of x adds up, in
// order, what the windows that contain it give.

#define WINDOWS \
	int H, int W, int OH, int OW, int octets, int R, int S, int stride_y, int stride_x, int dilation_y, int dilation_x, int top, int left

#define EACH_CHANNEL _Pragma("unroll") for (int k = 0; k < 8; k++)

// Octet number `at` of an array [N, height, width, octets].
#define PLACE(height, width) \
	int at = GROUP(0) * THREADS + THREAD; \
	if (at >= total) return; \
	int octet = at % octets, px = at / octets % (width), py = at / octets / (width) % (height), n = at / octets / (width) / (height);

// The taps of a window along an axis that lie within size elements from start on: from to until−1.
#define TAPS(from, until, start, size, count, dilation) \
	int from = (start) < 0 ? ((dilation) - 1 - (start)) / (dilation) : 0; \
	int until = (size) > (start) ? ((size) - (start) + (dilation) - 1) / (dilation) : 0; \
	until = until < (count) ? until : (count);

// The windows along an axis that contain element i: from to until−1, if dilation is 1; others may not.
#define COVERING(from, until, i, pad, count, taps, stride, dilation) \
	int from = (i) + (pad) - ((taps) - 1) * (dilation); \
	from = from > 0 ? (from + (stride) - 1) / (stride) : 0; \
	int until = ((i) + (pad)) / (stride) + 1; \
	until = until < (count) ? until : (count);

// The first maximum of a window: its value, and its tap's number; −1 if all of it is padding.
#define LARGEST \
	float best[8], v[8]; \
	int tap[8]; \
	EACH_CHANNEL best[k] = FLOAT_OF(0xff800000u), tap[k] = -1; \
	int y0 = py * stride_y - top, x0 = px * stride_x - left; \
	TAPS(r0, r1, y0, H, R, dilation_y) \
	TAPS(s0, s1, x0, W, S, dilation_x) \
	for (int r = r0; r < r1; r++) \
		for (int s = s0; s < s1; s++) { \
			read_octet(v, x + (((OFFSET)n * H + y0 + r * dilation_y) * W + x0 + s * dilation_x) * octets * 8 + octet * 8); \
			EACH_CHANNEL \
				if (tap[k] < 0 || v[k] > best[k] || v[k] != v[k]) best[k] = v[k], tap[k] = r * S + s; \
		}

KERNEL_OF(256) max_pool(GLOBAL const number *x, GLOBAL number *y, int total, WINDOWS, int C) {
	PLACE(OH, OW)
	LARGEST
	EACH_CHANNEL best[k] = octet * 8 + k < C ? best[k] : 0.0f;
	write_octet(y + (OFFSET)at * 8, best);
}

// The taps that max_pool takes, for its gradient: taps is [N, OH, OW, octets·8].
KERNEL_OF(256) max_taps(GLOBAL const number *x, GLOBAL int *taps, int total, WINDOWS) {
	PLACE(OH, OW)
	LARGEST
	EACH_CHANNEL taps[(OFFSET)at * 8 + k] = tap[k];
}

KERNEL_OF(256) max_pool_grad(GLOBAL const int *taps, GLOBAL const number *dy, GLOBAL number *dx, int total, WINDOWS) {
	PLACE(H, W)
	float sum[8], d[8];
	EACH_CHANNEL sum[k] = 0.0f;
	COVERING(oy0, oy1, py, top, OH, R, stride_y, dilation_y)
	COVERING(ox0, ox1, px, left, OW, S, stride_x, dilation_x)
	for (int oy = oy0; oy < oy1; oy++)
		for (int ox = ox0; ox < ox1; ox++) {
			int r = py + top - oy * stride_y, s = px + left - ox * stride_x;
			if (r % dilation_y != 0 || s % dilation_x != 0) continue;
			int tap = r / dilation_y * S + s / dilation_x;
			OFFSET from = (((OFFSET)n * OH + oy) * OW + ox) * octets * 8 + octet * 8;
			read_octet(d, dy + from);
			EACH_CHANNEL sum[k] += taps[from + k] == tap ? d[k] : 0.0f;
		}
	write_octet(dx + (OFFSET)at * 8, sum);
}

// The number of a window's taps along an axis that count in the mean: those at most before elements
// ahead of the first element, and after elements behind the last.
FUNC float counted(int start, int size, int before, int after, int taps, int dilation) {
	TAPS(from, until, start + before, size + before + after, taps, dilation)
	return until > from ? (float)(until - from) : 1.0f;
}

// The weight of an element in the mean of window (oy, ox).
#define SHARE(oy, ox) \
	(1.0f / (counted((oy) * stride_y - top, H, count_top, count_bottom, R, dilation_y) * \
		counted((ox) * stride_x - left, W, count_left, count_right, S, dilation_x)))

#define COUNTED int count_top, int count_left, int count_bottom, int count_right

KERNEL_OF(256) average_pool(GLOBAL const number *x, GLOBAL number *y, int total, WINDOWS, COUNTED) {
	PLACE(OH, OW)
	float sum[8], v[8];
	EACH_CHANNEL sum[k] = 0.0f;
	int y0 = py * stride_y - top, x0 = px * stride_x - left;
	TAPS(r0, r1, y0, H, R, dilation_y)
	TAPS(s0, s1, x0, W, S, dilation_x)
	for (int r = r0; r < r1; r++)
		for (int s = s0; s < s1; s++) {
			read_octet(v, x + (((OFFSET)n * H + y0 + r * dilation_y) * W + x0 + s * dilation_x) * octets * 8 + octet * 8);
			EACH_CHANNEL sum[k] += v[k];
		}
	float share = SHARE(py, px);
	EACH_CHANNEL sum[k] *= share;
	write_octet(y + (OFFSET)at * 8, sum);
}

KERNEL_OF(256) average_pool_grad(GLOBAL const number *dy, GLOBAL number *dx, int total, WINDOWS, COUNTED) {
	PLACE(H, W)
	float sum[8], d[8];
	EACH_CHANNEL sum[k] = 0.0f;
	COVERING(oy0, oy1, py, top, OH, R, stride_y, dilation_y)
	COVERING(ox0, ox1, px, left, OW, S, stride_x, dilation_x)
	for (int oy = oy0; oy < oy1; oy++)
		for (int ox = ox0; ox < ox1; ox++) {
			if ((py + top - oy * stride_y) % dilation_y != 0 || (px + left - ox * stride_x) % dilation_x != 0) continue;
			float share = SHARE(oy, ox);
			read_octet(d, dy + (((OFFSET)n * OH + oy) * OW + ox) * octets * 8 + octet * 8);
			EACH_CHANNEL sum[k] = FMA(d[k], share, sum[k]);
		}
	write_octet(dx + (OFFSET)at * 8, sum);
}

// y [N,C] is the mean of every plane of x. A group of 256 threads has an image, and across octets of
// its channels beside each other.
KERNEL_OF(256) plane_means(GLOBAL const number *x, GLOBAL float *y, int pixels, int octets, int across, int C) {
	SHARED float sums[256 * 8];
	int rows = 256 / across, row = THREAD / across, octet = GROUP(1) * across + THREAD % across, n = GROUP(0);
	int active = row < rows && octet < octets;
	float sum[8], v[8];
	EACH_CHANNEL sum[k] = 0.0f;
	if (active)
		for (int p = row; p < pixels; p += rows) {
			read_octet(v, x + ((OFFSET)n * pixels + p) * octets * 8 + octet * 8);
			EACH_CHANNEL sum[k] += v[k];
		}
	EACH_CHANNEL sums[k * 256 + THREAD] = sum[k];
	add_rows(sums, 8, 256, across, rows);
	if (active && row == 0)
		EACH_CHANNEL if (octet * 8 + k < C) y[n * C + octet * 8 + k] = sums[k * 256 + THREAD] / (float)pixels;
}

// dx has at every pixel the share of dy [N,C].
KERNEL_OF(256) plane_means_grad(GLOBAL const float *dy, GLOBAL number *dx, int total, int pixels, int octets, int C) {
	int at = GROUP(0) * THREADS + THREAD;
	if (at >= total) return;
	int c = at % octets * 8, n = at / octets / pixels;
	float v[8];
	EACH_CHANNEL v[k] = c + k < C ? dy[n * C + c + k] / (float)pixels : 0.0f;
	write_octet(dx + (OFFSET)at * 8, v);
}
