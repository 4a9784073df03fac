// What changes from step to step: weights and the optimizer's state, running statistics, results, and
// adversarial examples. All arrays are float.

// The formulas of package optim, with constants in k: weights w, gradients g, state s and t, of n
// elements each. All begin with the weight decay.
#define UPDATE(name, ...) KERNEL_OF(256) name(GLOBAL float *w, GLOBAL const float *g, __VA_ARGS__, GLOBAL const float *k, int n)

#define BEGIN \
	int i = GROUP(0) * THREADS + THREAD; \
	if (i >= n) return; \
	float d = FMA(k[1], w[i], g[i]);

KERNEL_OF(256) descent(GLOBAL float *w, GLOBAL const float *g, GLOBAL const float *k, int n) {
	BEGIN
	w[i] = FMA(-k[0], d, w[i]);
}

UPDATE(momentum, GLOBAL float *s) {
	BEGIN
	float v = FMA(k[2], s[i], d);
	s[i] = v;
	w[i] = FMA(-k[0], FMA(k[3], d, k[4] * v), w[i]);
}

UPDATE(moments, GLOBAL float *s, GLOBAL float *t) {
	BEGIN
	float m = FMA(k[2], d - s[i], s[i]), v = FMA(k[3], t[i], k[4] * d * d);
	s[i] = m, t[i] = v;
	w[i] = FMA(k[7], w[i], -(k[0] * m / FMA(k[5], SQRT(v), k[6])));
}

UPDATE(sum_of_squares, GLOBAL float *s) {
	BEGIN
	float v = FMA(d, d, s[i]);
	s[i] = v;
	w[i] -= k[0] * d / (SQRT(v) + k[2]);
}

UPDATE(deltas, GLOBAL float *s, GLOBAL float *t) {
	BEGIN
	float v = FMA(k[3], s[i], k[4] * d * d), a = t[i];
	s[i] = v;
	d *= SQRT(a + k[2]) / SQRT(v + k[2]);
	t[i] = FMA(k[3], a, k[4] * d * d);
	w[i] = FMA(-k[0], d, w[i]);
}

UPDATE(mean_square, GLOBAL float *s) {
	BEGIN
	float v = FMA(k[3], s[i], k[4] * d * d);
	s[i] = v;
	w[i] -= k[0] * d / (SQRT(v) + k[2]);
}

UPDATE(mean_square_momentum, GLOBAL float *s, GLOBAL float *t) {
	BEGIN
	float v = FMA(k[3], s[i], k[4] * d * d), m = FMA(k[5], t[i], d / (SQRT(v) + k[2]));
	s[i] = v, t[i] = m;
	w[i] = FMA(-k[0], m, w[i]);
}

// Running statistics come nearer to a batch's, times a factor each, by a share.
KERNEL_OF(256) running(GLOBAL float *statistics, GLOBAL const float *batch, GLOBAL const float *factor, int n, float share) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < n) statistics[i] = FMA(share, FMA(batch[i], factor[i], -statistics[i]), statistics[i]);
}

KERNEL_OF(256) copied(GLOBAL const float *x, GLOBAL float *y, int n) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < n) y[i] = x[i];
}

// A step's result: the loss, and the sum of hits [n]. One group.
KERNEL_OF(256) outcome(GLOBAL const float *loss, GLOBAL const float *hit, GLOBAL float *result, int n) {
	SHARED float sums[256];
	float count = 0.0f;
	for (int i = THREAD; i < n; i += 256) count += hit[i];
	count = group_sum(sums, 256, count);
	if (THREAD == 0) result[0] = *loss, result[1] = count;
}

// Row i of target [n,K] is 1 at labels[i] and else 0.
KERNEL_OF(256) one_hot(GLOBAL const int *labels, GLOBAL float *target, int n, int K) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < n * K) target[i] = i % K == labels[i / K] ? 1.0f : 0.0f;
}

// A pixel of a picked image: pixels are bytes [·,C,h,w] by four, or floats; a pick is the image's number,
// its shifts down and right, whether it is flipped before, and the batch's image mixed in, below 0 if
// none.
#define PICK 5
FUNC float picked_pixel(GLOBAL const uint *pixels, GLOBAL const int *pick, int c, int y, int x, int C, int h, int w, int floats) {
	y += pick[1], x += pick[2];
	if (y < 0 || y >= h || x < 0 || x >= w) return 0.0f;
	if (pick[3]) x = w - 1 - x;
	int i = ((pick[0] * C + c) * h + y) * w + x;
	return floats ? FLOAT_OF(pixels[i]) : (float)(pixels[i / 4] >> 8 * (i % 4) & 255u) / 255.0f;
}

// Images [n,C,h,w] of a batch of picks, n·C·h·w = size; before these are the shares that are mixed,
// as bits.
KERNEL_OF(256) picked(GLOBAL const uint *pixels, GLOBAL const int *picks, GLOBAL float *images, int size, int C, int h, int w,
	int floats) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= size) return;
	int x = i % w, y = i / w % h, c = i / (w * h) % C;
	GLOBAL const int *pick = picks + 2 + PICK * (i / (w * h * C));
	float v = picked_pixel(pixels, pick, c, y, x, C, h, w, floats);
	if (pick[4] >= 0) {
		float other = picked_pixel(pixels, picks + 2 + PICK * pick[4], c, y, x, C, h, w, floats);
		v = FMA(FLOAT_OF((uint)picks[0]), v, FLOAT_OF((uint)picks[1]) * other);
	}
	images[i] = v;
}

// The largest magnitude of v's elements as bits, whose order is that of the numbers, with NaN at the
// end; for all threads of the group.
FUNC uint largest_bits(LOCAL uint *bits, GLOBAL const float *v, int n) {
	uint largest = 0;
	for (int i = THREAD; i < n; i += 256) {
		uint b = BITS_OF(v[i]) & 0x7fffffffu;
		largest = b > largest ? b : largest;
	}
	bits[THREAD] = largest;
	SYNC();
	ROLLED for (int upper = 128; upper > 0; upper /= 2) {
		if (THREAD < upper && bits[THREAD + upper] > bits[THREAD]) bits[THREAD] = bits[THREAD + upper];
		SYNC();
	}
	largest = bits[0];
	SYNC();
	return largest;
}

// v, moved into the ball around x and into [0,1].
FUNC float within_ball(float v, float x, float epsilon) {
	float low = greater(x - epsilon, 0.0f), high = x + epsilon;
	high = high < 1.0f ? high : 1.0f;
	v = greater(v, low);
	return v < high ? v : high;
}

// A group takes a step of plan.Ascent with one image v of n pixels, whose original is x; size[0] is
// the step's size, size[1] the ball's radius. An image without a direction is stuck.
#define STEP \
	SHARED uint bits[256]; \
	OFFSET from = (OFFSET)GROUP(0) * n; \
	GLOBAL float *v = images + from; \
	GLOBAL const float *d = gradients + from, *x = originals + from; \
	float epsilon = size[1]; \
	uint largest = largest_bits(bits, d, n); \
	if (largest == 0 || largest >= 0x7f800000u) { \
		if (THREAD == 0) stuck[GROUP(0)] = 1; \
		return; \
	}

// Where an ascent in L∞ starts: images moved from their originals by start, in units of the ball's radius
// size[1]. n numbers.
KERNEL_OF(256) started(GLOBAL const float *originals, GLOBAL const float *start, GLOBAL const float *size, GLOBAL float *images, int n) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < n) images[i] = within_ball(originals[i] + start[i] * size[1], originals[i], size[1]);
}

KERNEL_OF(256) sign_step(GLOBAL float *images, GLOBAL const float *gradients, GLOBAL const float *originals,
	GLOBAL const float *size, GLOBAL int *stuck, int n) {
	STEP
	for (int i = THREAD; i < n; i += 256) {
		if (d[i] == 0.0f) continue;
		v[i] = within_ball(v[i] + (d[i] > 0.0f ? size[0] : -size[0]), x[i], epsilon);
	}
}

// The length of a group's values, n of them given by an expression of i, over a scale: no square
// overflows, and small ones count. What a sum loses is kept: lengths are off by less than 4e-7.
#define LENGTH(value, scale, length) \
	float length = 0.0f, lost = 0.0f; \
	for (int i = THREAD; i < n; i += 256) { \
		float share = (value) / scale, term = share * share - lost, sum = length + term; \
		lost = sum - length - term; \
		length = sum; \
	} \
	length = scale * SQRT(group_sum(sums, 256, length));

KERNEL_OF(256) length_step(GLOBAL float *images, GLOBAL float *gradients, GLOBAL const float *originals,
	GLOBAL const float *size, GLOBAL int *stuck, int n) {
	SHARED float sums[256];
	STEP
	GLOBAL float *change = gradients + from; // in the gradient's place
	float scale = greater(FLOAT_OF(largest), 1e-30f);
	LENGTH(d[i], scale, slope)
	slope = greater(slope, 1e-30f);
	for (int i = THREAD; i < n; i += 256) change[i] = FMA(size[0], d[i] / slope, v[i]) - x[i];
	scale = greater(greater(epsilon, size[0]), 1e-30f);
	float factor = 1.0f;
	epsilon *= 0.9999995f; // a length may be computed too short
	{
		LENGTH(change[i], scale, length)
		if (length > epsilon) factor = epsilon / length;
	}
	// Pixels are rounded, so that the change may be longer than epsilon by a few roundings: it is then
	// made shorter, each time by more, as rounding may undo a small change.
	ROLLED for (int times = 0; times < 25; times++) {
		for (int i = THREAD; i < n; i += 256) {
			float moved = greater(FMA(factor, change[i], x[i]), 0.0f);
			v[i] = moved < 1.0f ? moved : 1.0f;
		}
		LENGTH(v[i] - x[i], scale, reach)
		if (!(reach > epsilon)) break;
		factor *= epsilon / reach * (1.0f - FLOAT_OF((uint)(104 + times) << 23)); // 1 − 2^(times − 23)
	}
}
