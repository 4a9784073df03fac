// What is done with weights [K,I,R,S] in float32, I = C/groups: they are packed for conv.cl and
// depthwise.cl, and the sums of their gradients come back.
//
// Channels are handled in parts, each of `some` whole groups: inputs·some and outputs·some
// channels, where a group has `inputs` (I) and `outputs`. Weights between different groups of
// a part are zeros.

// What TF32 is multiplied as; see matrix.h.
FUNC number as_multiplied(float v) {
#ifdef TF32
	uint u = BITS_OF(v);
	return (u & 0x7f800000u) == 0x7f800000u ? v : FLOAT_OF((u + 0x1000u) & 0xffffe000u);
#else
	return rounded(v);
#endif
}

// Element i of y [parts·outer,TR,TS,inner], which has n, from w. Tap (t, u) of y is kernel position
// (first_r + t·step_r, first_s + u·step_s). Rows are output channels and the sum goes over input
// channels, or the other way around if transposed. Output channel k is multiplied by scale[k] if
// scaled.
FUNC void pack_weight(int i, GLOBAL const float *w, GLOBAL const float *scale, GLOBAL number *y, int n, int K, int inputs,
	int outputs, int some, int R, int S, int outer, int inner, int TR, int TS, int first_r, int first_s, int step_r, int step_s,
	int transposed, int scaled) {
	if (i >= n) return;
	int column = i % inner, q = i / inner, u = q % TS;
	q /= TS;
	int t = q % TR, row = q / TR % outer, part = q / TR / outer;
	int kk = transposed ? column : row, c = transposed ? row : column;
	int group = kk / outputs, k = part * some * outputs + kk;
	float v = 0.0f;
	if (group < some && k < K && c / inputs == group) {
		v = w[((k * inputs + c - group * inputs) * R + first_r + t * step_r) * S + first_s + u * step_s];
		if (scaled) v *= scale[k];
	}
	y[i] = as_multiplied(v);
}

KERNEL pack_weights(GLOBAL const float *w, GLOBAL const float *scale, GLOBAL number *y, int n, int K, int inputs, int outputs,
	int some, int R, int S, int outer, int inner, int TR, int TS, int first_r, int first_s, int step_r, int step_s,
	int transposed, int scaled) {
	pack_weight(GROUP(0) * THREADS + THREAD, w, scale, y, n, K, inputs, outputs, some, R, S, outer, inner, TR, TS,
		first_r, first_s, step_r, step_s, transposed, scaled);
}

// The same for many weights. Each has a row in the table: its first group, where in memory, in pieces
// of 256 bytes, w, scale and y are, and pack_weights' other arguments. weights and packed are both
// all of the memory.
#define PACKING 21

KERNEL pack_all(GLOBAL const float *weights, GLOBAL number *packed, GLOBAL const int *table, int count) {
	int low = 0, high = count - 1;
	while (low < high) {
		int middle = (low + high + 1) / 2;
		if (table[middle * PACKING] <= GROUP(0))
			low = middle;
		else
			high = middle - 1;
	}
	GLOBAL const int *p = table + low * PACKING;
	pack_weight((GROUP(0) - p[0]) * THREADS + THREAD, weights + (OFFSET)p[1] * 64, weights + (OFFSET)p[2] * 64,
		packed + (OFFSET)p[3] * (256 / (int)sizeof(number)), p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
		p[15], p[16], p[17], p[18], p[19], p[20]);
}

// y [TR,TS,filled] from w [channels,1,R,S]: channels filled up with zeros.
KERNEL pack_depthwise(GLOBAL const float *w, GLOBAL const float *scale, GLOBAL float *y, int n, int channels, int filled,
	int R, int S, int TS, int first_r, int first_s, int step_r, int step_s, int scaled) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= n) return;
	int c = i % filled, q = i / filled;
	float v = c < channels ? w[(c * R + first_r + q / TS * step_r) * S + first_s + q % TS * step_s] : 0.0f;
	y[i] = scaled && c < channels ? v * scale[c] : v;
}

// A batch norm with statistics [2,K] as scale and shift of channels: gamma/√(variance +
// epsilon), and what is left of mean, beta and the bias before it, if there is one.
FUNC float norm_factor(GLOBAL const float *stats, GLOBAL const float *gamma, int K, int k, float epsilon) {
	return gamma[k] / SQRT(stats[K + k] + epsilon);
}

KERNEL norm_scale(GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL float *scale, int K, float epsilon) {
	int k = GROUP(0) * THREADS + THREAD;
	if (k < K) scale[k] = norm_factor(stats, gamma, K, k, epsilon);
}

KERNEL norm_shift(GLOBAL const float *bias, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *beta,
	GLOBAL float *shift, int K, int biased, float epsilon) {
	int k = GROUP(0) * THREADS + THREAD;
	if (k < K) shift[k] = FMA((biased ? bias[k] : 0.0f) - stats[k], norm_factor(stats, gamma, K, k, epsilon), beta[k]);
}

// dw [K,inputs,R,S] from sums [parts·splits,R·S·inner,outer]; n is its size. A thread adds up
// the ranges of one weight, four at a time.
KERNEL weight_grad_sum(GLOBAL const float *sums, GLOBAL float *dw, int n, int splits, int K, int inputs, int outputs,
	int some, int taps, int inner, int outer) {
	int i = GROUP(0) * THREADS + THREAD;
	if (i >= n) return;
	int k = i % K, q = i / K, c = q % inputs, tap = q / inputs;
	int group = k / outputs, part = group / some, size = taps * inner * outer;
	GLOBAL const float *from = sums + (OFFSET)part * splits * size
		+ (tap * inner + group % some * inputs + c) * outer + k - part * some * outputs;
	float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
	int j = 0;
	for (; j + 4 <= splits; j += 4, from += 4 * (OFFSET)size)
		s0 += from[0], s1 += from[size], s2 += from[2 * (OFFSET)size], s3 += from[3 * (OFFSET)size];
	for (; j < splits; j++, from += size) s0 += *from;
	dw[(k * inputs + c) * taps + tap] = (s0 + s1) + (s2 + s3);
}
