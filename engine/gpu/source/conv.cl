// Convolution, and the gradient with respect to its input, as a matrix product whose A is
// never stored: rows are output pixels, columns output channels, and the sum goes over taps
// and input channels.
//
//   x [N,H,W,C], w [parts·outer,R,S,inner], y [N,YH,YW,K]
//
// Window (i, j) of the PH×PW in an image reads x at rows i·advance_y + from_y + r·spread_y, r
// < R, and writes y at row i·step_y + first_y, and so on in columns. A convolution advances by
// its stride, from its padding, and spreads by its dilation; of an input gradient's outputs
// those of one remainder by the stride are one launch. Part GROUP(2) of the channels, groups
// of a convolution, sums over `inner` channels of x and makes `outer` of y; all are multiples
// of 8. Channels from `channels` on are filled up with zeros.
//
// After the sum: bias [channels] if flags & 1, addend like y if flags & 2, then a cheap function of
// functions.h.

KERNEL_OF(128) NAMED(conv_, BN)(GLOBAL const number *x, GLOBAL const number *w, GLOBAL number *y,
	GLOBAL const float *bias, GLOBAL const number *addend, int pixels, int H, int W, int C, int PH, int PW,
	int YH, int YW, int K, int R, int S, int inner, int outer, int channels, int advance_y, int advance_x,
	int from_y, int from_x, int spread_y, int spread_x, int step_y, int step_x, int first_y, int first_x,
	int flags, int function, float fa, float fb) {
	SHARED uint4 tiles[STAGES * (BM + BN) * 4];
	EXCHANGE
	int lane = THREAD % 32, warp = THREAD / 32;
	int first = GROUP(0) * BM, column = GROUP(1) * BN, part = GROUP(2);
	WHO

	// A thread copies piece `piece` of rows quarter, quarter+32, …
	int piece = THREAD % 4, quarter = THREAD / 4;
	int top[4], left[4], image[4];
#pragma unroll
	for (int i = 0; i < 4; i++) {
		int p = first + quarter + 32 * i;
		int n = p / (PH * PW), q = p - n * PH * PW, oy = q / PW, ox = q - oy * PW;
		image[i] = p < pixels ? n * H * W : -1;
		top[i] = oy * advance_y + from_y, left[i] = ox * advance_x + from_x;
	}
	// Where this thread's piece is among taps and channels.
	int at = piece * PIECE, c = at, r = 0, s = 0, products = R * S * inner;
	while (c >= inner) {
		c -= inner;
		if (++s == S) s = 0, r++;
	}
	int slices = (products + SLICE - 1) / SLICE;
	GLOBAL const number *xs = x + part * inner, *ws = w + (OFFSET)(part * outer + column) * products;

	float acc[2][COLUMNS][4];
	ZERO(acc)

	for (int slice = 1 - STAGES; slice < slices; slice++) {
		if (slice >= 0) {
			COPIES_LEFT(STAGES - 2);
			SYNC();
		}
		int next = slice + STAGES - 1;
		if (next < slices) {
			LOCAL uint4 *a = tiles + next % STAGES * (BM + BN) * 4, *b = a + BM * 4;
#pragma unroll
			for (int i = 0; i < 4; i++) {
				int iy = top[i] + r * spread_y, ix = left[i] + s * spread_x;
				int there = image[i] >= 0 && at < products && iy >= 0 && iy < H && ix >= 0 && ix < W;
				GLOBAL const number *from = there ? xs + ((OFFSET)(image[i] + iy * W + ix) * C + c) : x;
				COPY16(a + swizzled(quarter + 32 * i, piece), from, there)
			}
#pragma unroll
			for (int i = 0; i < (BN + 31) / 32; i++) {
				int row = quarter + 32 * i;
				int there = at < products && column + row < outer;
				GLOBAL const number *from = there ? ws + ((OFFSET)row * products + at) : w;
				if (row < BN) COPY16(b + swizzled(row, piece), from, there)
			}
			at += SLICE, c += SLICE;
			while (c >= inner) {
				c -= inner;
				if (++s == S) s = 0, r++;
			}
		}
		COPIES_SENT();
		if (slice >= 0) {
			LOCAL const uint4 *a = tiles + slice % STAGES * (BM + BN) * 4, *b = a + BM * 4;
			PRODUCT(acc, a, b, warp * 32, KEPT)
		}
	}

	// A thread writes numbers of two channels, or one float.
	int dense = PH == YH && PW == YW;
#ifdef FLOAT32
#define TOGETHER 1
#else
#define TOGETHER 2
#endif
	LOCAL float *stage = (LOCAL float *)tiles;
#pragma unroll 1
	for (int i = 0; i < 2; i++) {
		SYNC();
		if (i == 0)
			STAGE(stage, acc, 0)
		else
			STAGE(stage, acc, 1)
		SYNC();
#pragma unroll 1
		for (int e = THREAD; e < 64 * BN / TOGETHER; e += 128) {
			int row = e / (BN / TOGETHER), k = e % (BN / TOGETHER) * TOGETHER, p = first + staged_row(row, i);
			if (p >= pixels || column + k >= outer) continue;
			OFFSET to = p;
			if (!dense) {
				int n = p / (PH * PW), q = p - n * PH * PW, oy = q / PW, ox = q - oy * PW;
				to = ((OFFSET)n * YH + oy * step_y + first_y) * YW + ox * step_x + first_x;
			}
			float v[TOGETHER];
#pragma unroll
			for (int d = 0; d < TOGETHER; d++) v[d] = stage[staged(row, k + d)];
			k += part * outer + column, to = to * K + k;
#pragma unroll
			for (int d = 0; d < TOGETHER; d++)
				if (flags & 1 && k + d < channels) v[d] += bias[k + d];
			if (flags & 2) {
#ifdef FLOAT32
				v[0] += addend[to];
#else
				uint u = *(GLOBAL const uint *)(addend + to);
				v[0] += FLOAT_OF(u << 16), v[1] += FLOAT_OF(u & 0xffff0000u);
#endif
			}
#pragma unroll
			for (int d = 0; d < TOGETHER; d++) {
				v[d] = k + d < channels ? cheap_function_of(function, v[d], fa, fb) : 0.0f;
			}
#ifdef FLOAT32
			y[to] = v[0];
#else
			*(GLOBAL uint *)(y + to) = pack(v[0], v[1]);
#endif
		}
	}
}
