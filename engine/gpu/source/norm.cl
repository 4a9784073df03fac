// Batch norm, its gradients, and sums per channel. Arrays x, y, dy and dx are [pixels, octets·8] with
// channels from C on zero; statistics are [2,C]: means, then biased variances.
//
// A group of 256 threads is rows × across: across octets of channels beside each other, and as many
// pixels below each other as there is room for. Group (i, j) has every GROUPS(0)-th piece of pixels,
// and octets from j·across on. Sums are added in an order that depends on the launch only.

#define GROUP_THREADS 256

#define PLACE \
	int rows = GROUP_THREADS / across, row = THREAD / across, octet = GROUP(1) * across + THREAD % across; \
	int active = row < rows && octet < octets, c = octet * 8;

// Each of a thread's pixels, as the index at of its octet's first number.
#define EACH_PIXEL \
	if (active) \
		for (int p = GROUP(0) * rows + row; p < pixels; p += GROUPS(0) * rows)

#define AT ((OFFSET)p * octets * 8 + c)

#define EACH_CHANNEL _Pragma("unroll") for (int k = 0; k < 8; k++)

// A value per channel, zero for those that do not exist.
FUNC float per_channel(GLOBAL const float *v, int c, int C) { return c < C ? v[c] : 0.0f; }

FUNC float inverse_deviation(GLOBAL const float *stats, int c, int C, float epsilon) {
	return c < C ? 1.0f / SQRT(stats[C + c] + epsilon) : 0.0f;
}

// The batch norm of x. Its sign is computed again for gradients: it has to be the same then.
FUNC float normed(float x, float mean, float scale, float beta) { return FMA(x - mean, scale, beta); }

// Sums of a group: part is [GROUPS(0), 2, octets·8].
#define SUM_UP(a, b) \
	EACH_CHANNEL sums[k * GROUP_THREADS + THREAD] = (a)[k], sums[(8 + k) * GROUP_THREADS + THREAD] = (b)[k]; \
	add_rows(sums, 16, GROUP_THREADS, across, rows); \
	if (active && row == 0) \
		EACH_CHANNEL { \
			part[(GROUP(0) * 2) * octets * 8 + c + k] = sums[k * GROUP_THREADS + THREAD]; \
			part[(GROUP(0) * 2 + 1) * octets * 8 + c + k] = sums[(8 + k) * GROUP_THREADS + THREAD]; \
		}

// Sums of x less the channel's value at one pixel, and of the squares of that: little cancels then.
KERNEL_OF(256) moments(GLOBAL const number *x, GLOBAL float *part, int pixels, int octets, int across, int center) {
	SHARED float sums[GROUP_THREADS * 16];
	float shift[8], sum[8], squares[8], v[8];
	PLACE
	EACH_CHANNEL shift[k] = 0.0f, sum[k] = 0.0f, squares[k] = 0.0f;
	if (active) read_octet(shift, x + (OFFSET)center * octets * 8 + c);
	EACH_PIXEL {
		read_octet(v, x + AT);
		EACH_CHANNEL {
			float d = v[k] - shift[k];
			sum[k] += d, squares[k] = FMA(d, d, squares[k]);
		}
	}
	SUM_UP(sum, squares)
}

// The two sums of a channel over part [parts, 2, channels], by 8 threads of a group for each of 32
// channels. They end up with the first 32 threads.
#define TOTALS \
	int row = THREAD / 32, c = GROUP(0) * 32 + THREAD % 32; \
	float first = 0.0f, second = 0.0f; \
	if (c < C) \
		for (int i = row; i < parts; i += 8) \
			first += part[(i * 2) * channels + c], second += part[(i * 2 + 1) * channels + c]; \
	sums[THREAD] = first, sums[GROUP_THREADS + THREAD] = second; \
	add_rows(sums, 2, GROUP_THREADS, 32, 8); \
	first = sums[THREAD], second = sums[GROUP_THREADS + THREAD]; \
	if (row > 0 || c >= C) return;

// Statistics from moments' sums.
KERNEL_OF(256) statistics(GLOBAL const number *x, GLOBAL const float *part, GLOBAL float *stats,
	int parts, int pixels, int channels, int C, int center) {
	SHARED float sums[GROUP_THREADS * 2];
	TOTALS
	float mean = first / (float)pixels;
	stats[c] = mean + value(x[(OFFSET)center * channels + c]);
	stats[C + c] = greater(FMA(-mean, mean, second / (float)pixels), 0.0f);
}

#define COEFFICIENTS \
	float mean[8], scale[8], shift[8]; \
	EACH_CHANNEL { \
		mean[k] = per_channel(stats, c + k, C); \
		scale[k] = per_channel(gamma, c + k, C) * inverse_deviation(stats, c + k, C, epsilon); \
		shift[k] = per_channel(beta, c + k, C); \
	}

// y is the batch norm of x.
KERNEL_OF(256) batch_norm(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *beta,
	GLOBAL number *y, int pixels, int octets, int across, int C, float epsilon) {
	PLACE
	COEFFICIENTS
	float v[8];
	EACH_PIXEL {
		read_octet(v, x + AT);
		EACH_CHANNEL v[k] = normed(v[k], mean[k], scale[k], shift[k]);
		write_octet(y + AT, v);
	}
}

// y is the batch norm of x, rectified.
KERNEL_OF(256) norm_relu(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *beta,
	GLOBAL number *y, int pixels, int octets, int across, int C, float epsilon) {
	PLACE
	COEFFICIENTS
	float v[8];
	EACH_PIXEL {
		read_octet(v, x + AT);
		EACH_CHANNEL v[k] = rectified(normed(v[k], mean[k], scale[k], shift[k]));
		write_octet(y + AT, v);
	}
}

// y is the batch norm of x plus an addend, rectified.
KERNEL_OF(256) norm_add_relu(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *beta,
	GLOBAL const number *addend, GLOBAL number *y, int pixels, int octets, int across, int C, float epsilon) {
	PLACE
	COEFFICIENTS
	float v[8], a[8];
	EACH_PIXEL {
		read_octet(v, x + AT);
		read_octet(a, addend + AT);
		EACH_CHANNEL v[k] = rectified(normed(v[k], mean[k], scale[k], shift[k]) + a[k]);
		write_octet(y + AT, v);
	}
}

// Sums of dy·(x − mean) and of dy.
KERNEL_OF(256) norm_sums(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const number *dy,
	GLOBAL float *part, int pixels, int octets, int across, int C) {
	SHARED float sums[GROUP_THREADS * 16];
	PLACE
	float mean[8], sum[8], product[8], v[8], d[8];
	EACH_CHANNEL mean[k] = per_channel(stats, c + k, C), sum[k] = 0.0f, product[k] = 0.0f;
	EACH_PIXEL {
		read_octet(v, x + AT);
		read_octet(d, dy + AT);
		EACH_CHANNEL product[k] = FMA(d[k], v[k] - mean[k], product[k]), sum[k] += d[k];
	}
	SUM_UP(product, sum)
}

// The same of dx, which is dy where the ReLU's output y is positive.
KERNEL_OF(256) mask_sums(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const number *y, GLOBAL const number *dy,
	GLOBAL number *dx, GLOBAL float *part, int pixels, int octets, int across, int C) {
	SHARED float sums[GROUP_THREADS * 16];
	PLACE
	float mean[8], sum[8], product[8], v[8], d[8], r[8];
	EACH_CHANNEL mean[k] = per_channel(stats, c + k, C), sum[k] = 0.0f, product[k] = 0.0f;
	EACH_PIXEL {
		read_octet(v, x + AT);
		read_octet(d, dy + AT);
		read_octet(r, y + AT);
		EACH_CHANNEL {
			d[k] = r[k] > 0.0f ? d[k] : 0.0f;
			product[k] = FMA(d[k], v[k] - mean[k], product[k]), sum[k] += d[k];
		}
		write_octet(dx + AT, d);
	}
	SUM_UP(product, sum)
}

// The same where the batch norm of x is positive.
KERNEL_OF(256) norm_relu_sums(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *beta,
	GLOBAL const number *dy, GLOBAL float *part, int pixels, int octets, int across, int C, float epsilon) {
	SHARED float sums[GROUP_THREADS * 16];
	PLACE
	COEFFICIENTS
	float sum[8], product[8], v[8], d[8];
	EACH_CHANNEL sum[k] = 0.0f, product[k] = 0.0f;
	EACH_PIXEL {
		read_octet(v, x + AT);
		read_octet(d, dy + AT);
		EACH_CHANNEL {
			float kept = normed(v[k], mean[k], scale[k], shift[k]) > 0.0f ? d[k] : 0.0f;
			product[k] = FMA(kept, v[k] - mean[k], product[k]), sum[k] += kept;
		}
	}
	SUM_UP(product, sum)
}

// The gradients with respect to gamma and beta, [2,C], from these sums, and each once more as an
// array of its own.
KERNEL_OF(256) norm_reduced(GLOBAL const float *stats, GLOBAL const float *part, GLOBAL float *reduced, GLOBAL float *dgamma,
	GLOBAL float *dbeta, int parts, int channels, int C, int has_dgamma, int has_dbeta, float epsilon) {
	SHARED float sums[GROUP_THREADS * 2];
	TOTALS
	first *= inverse_deviation(stats, c, C, epsilon);
	reduced[c] = first, reduced[C + c] = second;
	if (has_dgamma) dgamma[c] = first;
	if (has_dbeta) dbeta[c] = second;
}

// The gradient with respect to x is scale·dy + slope·(x − mean) + offset.
#define GRADIENT_COEFFICIENTS \
	float slope[8], offset[8]; \
	EACH_CHANNEL { \
		slope[k] = -scale[k] * inverse_deviation(stats, c + k, C, epsilon) * per_channel(reduced, c + k, C) / (float)pixels; \
		offset[k] = c + k < C ? -scale[k] * reduced[C + c + k] / (float)pixels : 0.0f; \
	}

// dx is the gradient with respect to x whose statistics these are.
KERNEL_OF(256) norm_grad(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *reduced,
	GLOBAL const number *dy, GLOBAL number *dx, int pixels, int octets, int across, int C, float epsilon) {
	PLACE
	float mean[8], scale[8], v[8], d[8];
	EACH_CHANNEL {
		mean[k] = per_channel(stats, c + k, C);
		scale[k] = per_channel(gamma, c + k, C) * inverse_deviation(stats, c + k, C, epsilon);
	}
	GRADIENT_COEFFICIENTS
	EACH_PIXEL {
		read_octet(v, x + AT);
		read_octet(d, dy + AT);
		EACH_CHANNEL v[k] = FMA(scale[k], d[k], FMA(slope[k], v[k] - mean[k], offset[k]));
		write_octet(dx + AT, v);
	}
}

// The same where dy counts only if the batch norm of x is positive.
KERNEL_OF(256) norm_relu_grad(GLOBAL const number *x, GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const float *beta,
	GLOBAL const float *reduced, GLOBAL const number *dy, GLOBAL number *dx, int pixels, int octets, int across, int C, float epsilon) {
	PLACE
	COEFFICIENTS
	GRADIENT_COEFFICIENTS
	float v[8], d[8];
	EACH_PIXEL {
		read_octet(v, x + AT);
		read_octet(d, dy + AT);
		EACH_CHANNEL {
			float kept = normed(v[k], mean[k], scale[k], shift[k]) > 0.0f ? d[k] : 0.0f;
			v[k] = FMA(scale[k], kept, FMA(slope[k], v[k] - mean[k], offset[k]));
		}
		write_octet(dx + AT, v);
	}
}

// dx is the gradient with respect to x where the statistics are fixed.
KERNEL_OF(256) norm_scale_grad(GLOBAL const float *stats, GLOBAL const float *gamma, GLOBAL const number *dy,
	GLOBAL number *dx, int pixels, int octets, int across, int C, float epsilon) {
	PLACE
	float scale[8], d[8];
	EACH_CHANNEL scale[k] = per_channel(gamma, c + k, C) * inverse_deviation(stats, c + k, C, epsilon);
	EACH_PIXEL {
		read_octet(d, dy + AT);
		EACH_CHANNEL d[k] *= scale[k];
		write_octet(dx + AT, d);
	}
}

// Sums of dy, as the first of part's two.
KERNEL_OF(256) channel_sums(GLOBAL const number *dy, GLOBAL float *part, int pixels, int octets, int across) {
	SHARED float sums[GROUP_THREADS * 16];
	PLACE
	float sum[8], none[8], d[8];
	EACH_CHANNEL sum[k] = 0.0f, none[k] = 0.0f;
	EACH_PIXEL {
		read_octet(d, dy + AT);
		EACH_CHANNEL sum[k] += d[k];
	}
	SUM_UP(sum, none)
}

KERNEL_OF(256) channel_sum(GLOBAL const float *part, GLOBAL float *y, int parts, int channels, int C) {
	SHARED float sums[GROUP_THREADS * 2];
	TOTALS
	y[c] = first;
}
