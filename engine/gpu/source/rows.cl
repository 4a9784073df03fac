// Softmax, losses and normalization of rows of matrices [N,K] of float, and sums of their columns.
// A group has one row, unless stated otherwise.

#define EACH_OF(K) for (int k = THREAD; k < (K); k += ROW_THREADS)
#define ROW_THREADS 64

// The first largest element of a row, its value and index, for all threads. A NaN is found only if
// it is the first element.
#define LARGEST(z, K, top, at) \
	float top = THREAD == 0 ? (z)[0] : FLOAT_OF(0xff800000u); \
	int at = THREAD == 0 ? 0 : (K); \
	EACH_OF(K) if (before((z)[k], k, top, at)) top = (z)[k], at = k; \
	values[THREAD] = top, indices[THREAD] = at; \
	SYNC(); \
	ROLLED for (int upper = ROW_THREADS / 2; upper > 0; upper /= 2) { \
		if (THREAD < upper && before(values[THREAD + upper], indices[THREAD + upper], values[THREAD], indices[THREAD])) \
			values[THREAD] = values[THREAD + upper], indices[THREAD] = indices[THREAD + upper]; \
		SYNC(); \
	} \
	top = values[0], at = indices[0]; \
	SYNC();

// The sum of exp(z − top), less the 1 of z's largest element itself: little is lost if a row is
// confident.
#define OTHERS(z, K, top, at, others) \
	float others = 0.0f; \
	EACH_OF(K) if (k != at) others += exponential((z)[k] - top); \
	others = group_sum(values, ROW_THREADS, others);

KERNEL_OF(64) softmax(GLOBAL const float *x, GLOBAL float *y, int K) {
	SHARED float values[ROW_THREADS];
	SHARED int indices[ROW_THREADS];
	GLOBAL const float *z = x + (OFFSET)GROUP(0) * K;
	LARGEST(z, K, top, at)
	OTHERS(z, K, top, at, others)
	EACH_OF(K) y[(OFFSET)GROUP(0) * K + k] = exponential(z[k] - top) / (1.0f + others);
}

// dx from softmax's result y.
KERNEL_OF(64) softmax_grad(GLOBAL const float *y, GLOBAL const float *dy, GLOBAL float *dx, int K) {
	SHARED float values[ROW_THREADS];
	OFFSET from = (OFFSET)GROUP(0) * K;
	float sum = 0.0f;
	EACH_OF(K) sum = FMA(y[from + k], dy[from + k], sum);
	sum = group_sum(values, ROW_THREADS, sum);
	EACH_OF(K) dx[from + k] = y[from + k] * (dy[from + k] - sum);
}

// Each row's −Σ target·log softmax(logits).
KERNEL_OF(64) cross_entropy(GLOBAL const float *logits, GLOBAL const float *target, GLOBAL float *loss, int K) {
	SHARED float values[ROW_THREADS];
	SHARED int indices[ROW_THREADS];
	GLOBAL const float *z = logits + (OFFSET)GROUP(0) * K, *t = target + (OFFSET)GROUP(0) * K;
	LARGEST(z, K, top, at)
	OTHERS(z, K, top, at, others)
	float sum = 0.0f, rest = logarithm1(others);
	EACH_OF(K) if (t[k] != 0.0f) sum += t[k] * (rest - (z[k] - top)); // 0·log 0 is 0
	sum = group_sum(values, ROW_THREADS, sum);
	if (THREAD == 0) loss[GROUP(0)] = sum;
}

// Its gradient with respect to the logits: softmax times the row's sum of targets, less the targets,
// times dloss/divisor.
KERNEL_OF(64) cross_entropy_grad(GLOBAL const float *logits, GLOBAL const float *target, GLOBAL const float *dloss,
	GLOBAL float *dlogits, int K, float divisor) {
	SHARED float values[ROW_THREADS];
	SHARED int indices[ROW_THREADS];
	GLOBAL const float *z = logits + (OFFSET)GROUP(0) * K, *t = target + (OFFSET)GROUP(0) * K;
	LARGEST(z, K, top, at)
	OTHERS(z, K, top, at, others)
	float total = 0.0f, scale = *dloss / divisor;
	EACH_OF(K) total += t[k];
	total = group_sum(values, ROW_THREADS, total);
	EACH_OF(K) {
		// The largest one's softmax is 1 − others/(1 + others).
		float p = (k == at ? -others : exponential(z[k] - top)) / (1.0f + others);
		dlogits[(OFFSET)GROUP(0) * K + k] = FMA(p, total, k == at ? total - t[k] : -t[k]) * scale;
	}
}

// The three largest elements of a row, for all threads, as first, second and third of values and
// indices.
#define INSERT(v, k) \
	if (before(v, k, v2, k2)) { \
		v2 = v, k2 = k; \
		if (before(v2, k2, v1, k1)) { \
			float v_ = v1; int k_ = k1; \
			v1 = v2, k1 = k2, v2 = v_, k2 = k_; \
		} \
		if (before(v1, k1, v0, k0)) { \
			float v_ = v0; int k_ = k0; \
			v0 = v1, k0 = k1, v1 = v_, k1 = k_; \
		} \
	}

#define LARGEST_THREE(z, K) \
	float v0 = FLOAT_OF(0xff800000u), v1 = v0, v2 = v0; \
	int k0 = (K), k1 = (K), k2 = (K); \
	EACH_OF(K) { \
		float v = (z)[k]; \
		INSERT(v, k) \
	} \
	ROLLED for (int upper = ROW_THREADS / 2; upper > 0; upper /= 2) { \
		SYNC(); \
		values[THREAD] = v0, values[ROW_THREADS + THREAD] = v1, values[2 * ROW_THREADS + THREAD] = v2; \
		indices[THREAD] = k0, indices[ROW_THREADS + THREAD] = k1, indices[2 * ROW_THREADS + THREAD] = k2; \
		SYNC(); \
		if (THREAD < upper) \
			for (int i = 0; i < 3; i++) { \
				float v = values[i * ROW_THREADS + THREAD + upper]; \
				int j = indices[i * ROW_THREADS + THREAD + upper]; \
				INSERT(v, j) \
			} \
	} \
	SYNC(); \
	if (THREAD == 0) { \
		values[0] = v0, values[1] = v1, values[2] = v2; \
		indices[0] = k0, indices[1] = k1, indices[2] = k2; \
	} \
	SYNC(); \
	v0 = values[0], v1 = values[1], v2 = values[2], k0 = indices[0], k1 = indices[1], k2 = indices[2]; \
	SYNC();

// The class of a row of targets and what its ratio of differences of logits depends on.
#define RATIO \
	SHARED float values[ROW_THREADS * 3]; \
	SHARED int indices[ROW_THREADS * 3]; \
	GLOBAL const float *z = logits + (OFFSET)GROUP(0) * K, *t = target + (OFFSET)GROUP(0) * K; \
	LARGEST(t, K, chosen, label) \
	LARGEST_THREE(z, K) \
	float own = label < K ? z[label] : chosen, margin = own - (k0 == label ? v1 : v0), spread = v0 - v2 + 1e-12f; \
	float ratio = -margin / spread;

// Each row's difference-of-logits ratio.
KERNEL_OF(64) ratios(GLOBAL const float *logits, GLOBAL const float *target, GLOBAL float *loss, int K) {
	RATIO
	if (THREAD == 0) loss[GROUP(0)] = ratio;
}

KERNEL_OF(64) ratios_grad(GLOBAL const float *logits, GLOBAL const float *target, GLOBAL const float *dloss,
	GLOBAL float *dlogits, int K) {
	RATIO
	int rival = k0 == label ? k1 : k0;
	float scale = *dloss / spread, pull = ratio * scale;
	EACH_OF(K) {
		float d = k == label ? -scale : 0.0f;
		if (k == rival) d += scale;
		if (k == k0) d -= pull;
		if (k == k2) d += pull;
		dlogits[(OFFSET)GROUP(0) * K + k] = d;
	}
}

// Whether a row's first largest element is that of its label: 1 or 0.
KERNEL_OF(64) hits(GLOBAL const float *logits, GLOBAL const int *labels, GLOBAL float *hit, int K) {
	SHARED float values[ROW_THREADS];
	SHARED int indices[ROW_THREADS];
	GLOBAL const float *z = logits + (OFFSET)GROUP(0) * K;
	LARGEST(z, K, top, at)
	if (THREAD == 0) hit[GROUP(0)] = at == labels[GROUP(0)] && top == top ? 1.0f : 0.0f;
}

// The sum of n numbers over a divisor. One group.
KERNEL_OF(256) total(GLOBAL const float *v, GLOBAL float *sum, int n, float divisor) {
	SHARED float sums[256];
	float mine = 0.0f;
	for (int i = THREAD; i < n; i += 256) mine += v[i];
	mine = group_sum(sums, 256, mine);
	if (THREAD == 0) *sum = mine / divisor;
}

// y [GROUPS(0), K] has in row i the sums of columns of every GROUPS(0)-th piece of 8 rows of x
// [N,K]. Group (i, j) has 32 columns, from 32·j on.
KERNEL_OF(256) column_sums(GLOBAL const float *x, GLOBAL float *y, int N, int K) {
	SHARED float sums[256];
	int row = THREAD / 32, k = GROUP(1) * 32 + THREAD % 32;
	float sum = 0.0f;
	if (k < K)
		for (int n = GROUP(0) * 8 + row; n < N; n += GROUPS(0) * 8) sum += x[(OFFSET)n * K + k];
	sums[THREAD] = sum;
	add_rows(sums, 1, 256, 32, 8);
	if (row == 0 && k < K) y[(OFFSET)GROUP(0) * K + k] = sums[THREAD];
}

// A row's mean and 1/√(variance + epsilon).
#define MOMENTS(v) \
	SHARED float sums[256]; \
	GLOBAL const float *v = x + (OFFSET)GROUP(0) * K; \
	float mean = 0.0f, squares = 0.0f; \
	for (int k = THREAD; k < K; k += 256) mean += v[k] - v[0]; \
	mean = group_sum(sums, 256, mean) / (float)K + v[0]; \
	for (int k = THREAD; k < K; k += 256) squares = FMA(v[k] - mean, v[k] - mean, squares); \
	float inverse = 1.0f / SQRT(group_sum(sums, 256, squares) / (float)K + epsilon);

KERNEL_OF(256) standardize(GLOBAL const float *x, GLOBAL float *y, int K, float epsilon) {
	MOMENTS(v)
	for (int k = THREAD; k < K; k += 256) y[(OFFSET)GROUP(0) * K + k] = (v[k] - mean) * inverse;
}

KERNEL_OF(256) standardize_grad(GLOBAL const float *x, GLOBAL const float *dy, GLOBAL float *dx, int K, float epsilon) {
	MOMENTS(v)
	GLOBAL const float *d = dy + (OFFSET)GROUP(0) * K;
	float sum = 0.0f, product = 0.0f;
	for (int k = THREAD; k < K; k += 256) sum += d[k], product = FMA(d[k], (v[k] - mean) * inverse, product);
	sum = group_sum(sums, 256, sum) / (float)K;
	product = group_sum(sums, 256, product) / (float)K;
	for (int k = THREAD; k < K; k += 256)
		dx[(OFFSET)GROUP(0) * K + k] = inverse * (d[k] - sum - (v[k] - mean) * inverse * product);
}
