// A convolution's gradient with respect to its weights: for every tap, xᵀ·dy, whose sum goes
// over pixels. Both lie with the pixel outside and channels inside, so they are multiplied
// across.
//
//   x [N,H,W,C], dy [N,OH,OW,K], sums [parts·splits,R·S·inner,outer] in float32
//
// A group makes 128 rows (taps and input channels) × BN output channels of part GROUP(2) /
// splits of the channels, as in conv.cl, from one of `splits` equal ranges of pixels.
// weight_grad_sum adds the ranges up in their order, so that results do not depend on which
// group was first.

KERNEL_OF(128) NAMED(weight_grad_, BN)(GLOBAL const number *x, GLOBAL const number *dy, GLOBAL float *sums,
	int pixels, int H, int W, int C, int OH, int OW, int K, int R, int S, int inner, int outer, int splits,
	int stride_y, int stride_x, int top, int left, int dilation_y, int dilation_x) {
	SHARED uint4 tiles[STAGES * (BM + BN) * 4];
	EXCHANGE
	int lane = THREAD % 32, warp = THREAD / 32;
	int first = GROUP(0) * BM, column = GROUP(1) * BN, part = GROUP(2) / splits, split = GROUP(2) - part * splits;
	WHO

	// A thread copies one piece of rows row, row+ROWS, …: the same tap and channels of
	// different pixels.
#define ACROSS_A (BM / PIECE)
#define ACROSS_B (BN / PIECE)
#define ROWS (128 / ACROSS_A)
	int piece = THREAD % ACROSS_A, row = THREAD / ACROSS_A, rows = R * S * inner;
	int m = first + piece * PIECE, tap = m / inner, c = m - tap * inner;
	int down = tap / S * dilation_y - top, right = tap % S * dilation_x - left;
	int b_piece = THREAD % ACROSS_B, b_row = THREAD / ACROSS_B, k = column + b_piece * PIECE;
	GLOBAL const number *xs = x + part * inner + c, *dys = dy + part * outer + k;

	int all = (pixels + SLICE - 1) / SLICE, each = (all + splits - 1) / splits;
	int from = split * each, to = from + each < all ? from + each : all;
	// Where the pixels that it copies are, and how far the next slice is from there.
	int image[4], oy[4], ox[4];
#pragma unroll
	for (int i = 0; i < 4; i++) {
		int p = from * SLICE + row + ROWS * i, q = p % (OH * OW);
		image[i] = p / (OH * OW), oy[i] = q / OW, ox[i] = q % OW;
	}
	int images_on = SLICE / (OH * OW), rows_on = SLICE % (OH * OW) / OW, on = SLICE % (OH * OW) % OW;

	float acc[2][COLUMNS][4];
	ZERO(acc)

	for (int slice = from + 1 - STAGES; slice < to; slice++) {
		if (slice >= from) {
			COPIES_LEFT(STAGES - 2);
			SYNC();
		}
		int next = slice + STAGES - 1, stage = (next - from) % STAGES;
		if (next < to) {
			LOCAL uint4 *a = tiles + stage * (BM + BN) * 4, *b = a + BM * 4;
#pragma unroll
			for (int i = 0; i < 4; i++) {
				int p = next * SLICE + row + ROWS * i, iy = oy[i] * stride_y + down, ix = ox[i] * stride_x + right;
				int there = p < pixels && m < rows && iy >= 0 && iy < H && ix >= 0 && ix < W;
				GLOBAL const number *at = there ? xs + (OFFSET)((image[i] * H + iy) * W + ix) * C : x;
				COPY16(a + swizzled_across(row + ROWS * i, piece, ACROSS_A), at, there)
				ox[i] += on, oy[i] += rows_on, image[i] += images_on;
				if (ox[i] >= OW) ox[i] -= OW, oy[i]++;
				if (oy[i] >= OH) oy[i] -= OH, image[i]++;
			}
#pragma unroll
			for (int i = 0; i < (BN + 31) / 32; i++) {
				int r = b_row + 128 / ACROSS_B * i, p = next * SLICE + r, there = p < pixels && k < outer;
				GLOBAL const number *at = there ? dys + (OFFSET)p * K : dy;
				if (r < SLICE) COPY16(b + swizzled_across(r, b_piece, ACROSS_B), at, there)
			}
		}
		COPIES_SENT();
		if (slice >= from) {
			LOCAL const uint4 *a = tiles + (slice - from) % STAGES * (BM + BN) * 4, *b = a + BM * 4;
			PRODUCT_ACROSS(acc, a, b, warp * 32)
		}
	}

#pragma unroll
	for (int i = 0; i < 4; i++) {
		int n = first + warp * 32 + ROW_ACROSS(i);
		if (n >= rows) continue;
		GLOBAL float *out = sums + ((OFFSET)GROUP(2) * rows + n) * outer;
#pragma unroll
		for (int j = 0; j < COLUMNS; j++) {
			int q = column + COLUMN_ACROSS(j, 0);
			if (q < outer) out[q] = acc[i / 2][j][i % 2 * 2], out[q + 1] = acc[i / 2][j][i % 2 * 2 + 1];
		}
	}
}
