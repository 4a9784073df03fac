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

// The pixel in x ± epsilon and in [0,1] that is nearest to v.
FUNC float projected(float v, float x, float epsilon) {
	float low = greater(x - epsilon, 0.0f), high = x + epsilon < 1.0f ? x + epsilon : 1.0f;
	v = v > low ? v : low;
	return v < high ? v : high;
}

// v takes a step of a size per image along the signs of the gradient dx, within x ± epsilon.
KERNEL_OF(256) sign_step(GLOBAL float *v, GLOBAL const float *dx, GLOBAL const float *x, GLOBAL const float *sizes,
	int n, int image, float epsilon) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= n) return;
	float d = dx[i], size = sizes[i / image];
	if (d > 0.0f || d < 0.0f) v[i] = projected(v[i] + (d > 0.0f ? size : -size), x[i], epsilon); // nor NaN
}

// v is x + start·epsilon, within x ± epsilon.
KERNEL_OF(256) perturb(GLOBAL float *v, GLOBAL const float *x, GLOBAL const float *start, int n, float epsilon) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i < n) v[i] = projected(x[i] + start[i] * epsilon, x[i], epsilon);
}

// Lengths in L2 are of values over their largest, so that no square overflows or vanishes.
#define LENGTH(name, value) \
	float name##_largest = 0.0f, name = 0.0f; \
	for (int i = THREAD; i < image; i += 256) { \
		float v_ = value; \
		v_ = v_ < 0.0f ? -v_ : v_; \
		if (!(v_ <= name##_largest)) name##_largest = v_; \
	} \
	sums[THREAD] = name##_largest; \
	SYNC(); \
	for (int upper = 128; upper > 0; upper /= 2) { \
		if (THREAD < upper && !(sums[THREAD + upper] <= sums[THREAD])) sums[THREAD] = sums[THREAD + upper]; \
		SYNC(); \
	} \
	name##_largest = sums[0]; \
	SYNC(); \
	if (name##_largest > 0.0f) { \
		for (int i = THREAD; i < image; i += 256) { \
			float v_ = (value) / name##_largest; \
			name = FMA(v_, v_, name); \
		} \
	} \
	name = name##_largest * SQRT(group_sum(sums, 256, name));

// v takes a step of a size per image along the gradient dx, within the ball of radius epsilon
// around x and in [0,1]. A group has one image. dx is overwritten.
KERNEL_OF(256) l2_step(GLOBAL float *v, GLOBAL float *dx, GLOBAL const float *x, GLOBAL const float *sizes, int image, float epsilon) {
	SHARED float sums[256];
	OFFSET from = (OFFSET)GROUP(0) * image;
	GLOBAL float *moved = v + from, *d = dx + from;
	GLOBAL const float *center = x + from;
	LENGTH(slope, d[i])
	float factor = slope > 1e-30f ? sizes[GROUP(0)] / slope : 0.0f;
	for (int i = THREAD; i < image; i += 256) d[i] = (factor > 0.0f ? FMA(factor, d[i], moved[i]) : moved[i]) - center[i];
	LENGTH(length, d[i])
	factor = length > epsilon ? epsilon / length : 1.0f;
	// Pixels are rounded, which may make the change longer than epsilon by a few roundings: it is then
	// made shorter, each time by more, as rounding may undo a small change.
	for (int times = 0; times < 32; times++) {
		for (int i = THREAD; i < image; i += 256) {
			float pixel = FMA(factor, d[i], center[i]);
			pixel = greater(pixel, 0.0f);
			moved[i] = pixel < 1.0f ? pixel : 1.0f;
		}
		LENGTH(reach, moved[i] - center[i])
		if (!(reach > epsilon)) break;
		factor *= epsilon / reach * (1.0f - FLOAT_OF((uint)(104 + times < 126 ? 104 + times : 126) << 23));
	}
}
