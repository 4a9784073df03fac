// What moves elements between arrays of any layout, and combines such. A kernel's result is a
// nest of loops over axes, outermost first, of which every array has its strides; a thread
// computes one turn. Axes are rows of integers in a table. Arrays are bf16 where their argument
// bf_… is 1, else float: a sum of parameters may meet an image.

FUNC float get(GLOBAL const void *p, OFFSET i, int bf) {
	return bf ? wide(((GLOBAL const bf16 *)p)[i]) : ((GLOBAL const float *)p)[i];
}

FUNC void put(GLOBAL void *p, OFFSET i, int bf, float v) {
	if (bf)
		((GLOBAL bf16 *)p)[i] = narrow(v);
	else
		((GLOBAL float *)p)[i] = v;
}

// Axes of copies: turns, strides of y and x, the range of turns that x has, and the turn from which
// on y is zero: fill channels.
#define COPY_AXIS 6

#define COPY_WALK \
	int rest = GROUP(0) * THREADS + THREAD; \
	if (rest >= turns) return; \
	OFFSET from = x_at, to = y_at; \
	int there = 1, fills = 0; \
	for (int a = rank - 1; a >= 0; a--) { \
		GLOBAL const int *axis = axes + a * COPY_AXIS; \
		int at = rest % axis[0]; \
		rest /= axis[0]; \
		to += (OFFSET)at * axis[1], from += (OFFSET)(at - axis[3]) * axis[2]; \
		there &= at >= axis[3] && at < axis[4]; \
		fills |= at >= axis[5]; \
	}

// y is x, or value where x has nothing.
KERNEL_OF(256) copy(GLOBAL const void *x, GLOBAL void *y, GLOBAL const int *axes, int rank, int turns,
	int x_at, int y_at, int bf_x, int bf_y, float value) {
	COPY_WALK
	put(y, to, bf_y, fills ? 0.0f : (there ? get(x, from, bf_x) : value));
}

// The same with 16 bytes as an element, and zeros where x has nothing.
KERNEL_OF(256) copy_wide(GLOBAL const uint4 *x, GLOBAL uint4 *y, GLOBAL const int *axes, int rank, int turns, int x_at, int y_at) {
	COPY_WALK
	uint4 v = {0, 0, 0, 0};
	if (there && !fills) v = x[from];
	y[to] = v;
}

// y is a sum, difference, product or quotient. Axes: turns, strides of y, a and b, the turn from
// which on y is zero.
KERNEL_OF(256) binary(GLOBAL const void *a, GLOBAL const void *b, GLOBAL void *y, GLOBAL const int *axes, int rank, int turns,
	int bf_a, int bf_b, int bf_y, int f) {
	int rest = GROUP(0) * THREADS + THREAD;
	if (rest >= turns) return;
	OFFSET from_a = 0, from_b = 0, to = 0;
	int fills = 0;
	for (int k = rank - 1; k >= 0; k--) {
		GLOBAL const int *axis = axes + k * 5;
		int at = rest % axis[0];
		rest /= axis[0];
		to += (OFFSET)at * axis[1], from_a += (OFFSET)at * axis[2], from_b += (OFFSET)at * axis[3];
		fills |= at >= axis[4];
	}
	float v = 0.0f;
	if (!fills) {
		float p = get(a, from_a, bf_a), q = get(b, from_b, bf_b);
		v = f == 0 ? p + q : (f == 1 ? p - q : (f == 2 ? p * q : p / q));
	}
	put(y, to, bf_y, v);
}

// Along the special axis, y's element at turn i is the sum of weights[k]·x at index[k] for k from
// begin[i] to begin[i+1]−1. Axes: turns, strides of y and x, the turn from which on y is zero.
KERNEL_OF(256) combine(GLOBAL const void *x, GLOBAL void *y, GLOBAL const int *axes, GLOBAL const int *begin,
	GLOBAL const int *index, GLOBAL const float *weights, int rank, int turns, int special, int bf_x, int bf_y) {
	int rest = GROUP(0) * THREADS + THREAD, turn = 0, stride = 0, fills = 0;
	if (rest >= turns) return;
	OFFSET from = 0, to = 0;
	for (int a = rank - 1; a >= 0; a--) {
		GLOBAL const int *axis = axes + a * 4;
		int at = rest % axis[0];
		rest /= axis[0];
		to += (OFFSET)at * axis[1];
		if (a == special)
			turn = at, stride = axis[2];
		else
			from += (OFFSET)at * axis[2];
		fills |= at >= axis[3];
	}
	float sum = 0.0f;
	if (!fills)
		for (int k = begin[turn]; k < begin[turn + 1]; k++)
			sum = FMA(weights[k], get(x, from + (OFFSET)index[k] * stride, bf_x), sum);
	put(y, to, bf_y, sum);
}

// Sums of x. A group has 256/across threads for each of across sums, and adds every GROUPS(1)-th piece
// of their terms. Kept axes, over y: turns, strides of y and x, the turn from which on y is zero.
// Summed axes: turns, stride of x. With several groups to a sum y is float [GROUPS(1), sums].
KERNEL_OF(256) sum(GLOBAL const void *x, GLOBAL void *y, GLOBAL const int *kept, GLOBAL const int *summed, int kept_rank, int summed_rank,
	int sums, int terms, int across, int bf_x, int bf_y) {
	SHARED float part[256];
	int of = GROUP(0) * across + THREAD % across, row = THREAD / across, rows = 256 / across, rest = of, fills = of >= sums;
	OFFSET base = 0, to = 0;
	for (int a = kept_rank - 1; a >= 0; a--) {
		GLOBAL const int *axis = kept + a * 4;
		int at = rest % axis[0];
		rest /= axis[0];
		to += (OFFSET)at * axis[1], base += (OFFSET)at * axis[2];
		fills |= at >= axis[3];
	}
	float total = 0.0f;
	if (!fills)
		for (int i = GROUP(1) * rows + row; i < terms; i += GROUPS(1) * rows) {
			OFFSET from = base;
			rest = i;
			for (int a = summed_rank - 1; a >= 0; a--) {
				int turns = summed[a * 2];
				from += (OFFSET)(rest % turns) * summed[a * 2 + 1];
				rest /= turns;
			}
			total += get(x, from, bf_x);
		}
	part[THREAD] = total;
	SYNC();
	for (int left = rows / 2; left > 0; left /= 2) {
		if (row < left) part[THREAD] += part[THREAD + left * across];
		SYNC();
	}
	if (row > 0 || of >= sums) return;
	if (GROUPS(1) > 1)
		((GLOBAL float *)y)[(OFFSET)GROUP(1) * sums + of] = part[THREAD];
	else
		put(y, to, bf_y, part[THREAD]);
}
