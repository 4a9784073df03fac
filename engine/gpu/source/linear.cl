// Products of matrices of float32 whose rows have any length: y [M,N] = Σ A(m, k)·B(k, n) over
// K products, with A(m, k) at a[m·a_row + k·a_step] and B(k, n) at b[n·b_row + k·b_step]; one
// of row and step is 1. If GROUPS(2) > 1, y is [GROUPS(2),M,N], the sums of equal ranges of k,
// and linear_sum adds them up.

// Reads words of `count` rows of a matrix in a slice, each thread in the direction in which
// they lie.
#define COPY_SLICE(to, from, count, row0, limit, row_step, k_step) \
	_Pragma("unroll") for (int i = 0; i < (count) / 8; i++) { \
		int e_ = THREAD + 128 * i; \
		int row_ = (k_step) == 1 ? e_ / 16 : e_ % (count), k_ = (k_step) == 1 ? e_ % 16 : e_ / (count); \
		int there_ = (row0) + row_ < (limit) && next * 16 + k_ < K; \
		GLOBAL const float *at_ = there_ ? (from) + (OFFSET)((row0) + row_) * (row_step) + (OFFSET)(next * 16 + k_) * (k_step) : (from); \
		COPY4((to) + swizzled(row_, k_ / 4), k_ % 4, at_, there_) \
	}

KERNEL_OF(128) NAMED(linear_, BN)(GLOBAL const float *a, GLOBAL const float *b, GLOBAL float *y, GLOBAL const float *bias,
	int M, int N, int K, int a_row, int a_step, int b_row, int b_step, int biased, int rectify) {
	SHARED uint4 tiles[STAGES * (BM + BN) * 4];
	EXCHANGE
	int lane = THREAD % 32, warp = THREAD / 32;
	int first = GROUP(0) * BM, column = GROUP(1) * BN;
	int all = (K + SLICE - 1) / SLICE, each = (all + GROUPS(2) - 1) / GROUPS(2);
	int from = GROUP(2) * each, to = from + each < all ? from + each : all;
	WHO

	float acc[2][COLUMNS][4];
	ZERO(acc)

	for (int slice = from + 1 - STAGES; slice < to; slice++) {
		if (slice >= from) {
			COPIES_LEFT(STAGES - 2);
			SYNC();
		}
		int next = slice + STAGES - 1;
		if (next < to) {
			LOCAL uint4 *at = tiles + (next - from) % STAGES * (BM + BN) * 4;
			COPY_SLICE(at, a, BM, first, M, a_row, a_step)
			COPY_SLICE(at + BM * 4, b, BN, column, N, b_row, b_step)
		}
		COPIES_SENT();
		if (slice >= from) {
			LOCAL const uint4 *at = tiles + (slice - from) % STAGES * (BM + BN) * 4;
			PRODUCT(acc, at, at + BM * 4, warp * 32, ROUNDED)
		}
	}

	y += (OFFSET)GROUP(2) * M * N;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		int m = first + warp * 32 + lane / 4 + 8 * i;
		if (m >= M) continue;
#pragma unroll
		for (int j = 0; j < COLUMNS * 2; j++) {
			int n = column + j / 2 * 8 + lane % 4 * 2 + j % 2;
			if (n >= N) continue;
			float v = acc[i / 2][j / 2][i % 2 * 2 + j % 2];
			if (biased) v += bias[n];
			y[(OFFSET)m * N + n] = rectify ? rectified(v) : v;
		}
	}
}

// y [M,N] from sums [splits,M,N]; n is y's size.
KERNEL linear_sum(GLOBAL const float *sums, GLOBAL float *y, GLOBAL const float *bias, int n, int splits, int N, int biased, int rectify) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= n) return;
	float v = sums[i];
	for (int j = 1; j < splits; j++) v += sums[(OFFSET)j * n + i];
	if (biased) v += bias[i % N];
	y[i] = rectify ? rectified(v) : v;
}
