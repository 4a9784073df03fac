// Images from and to row-major float32 [N, C, pixels], the layout of the host. An image is NHWC
// with fill channels, of which those from C on are zero. A thread converts an octet; neighboring
// threads have neighboring pixels, which are neighbors in the planes.

#define PLACE \
	int i = GROUP(0) * THREADS + THREAD, octets = fill / 8; \
	if (i >= N * octets * pixels) return; \
	int p = i % pixels, c = i / pixels % octets * 8, n = i / pixels / octets; \
	float v[8];

// y is x·scale + shift, which are per channel.
KERNEL_OF(256) from_planes(GLOBAL const float *x, GLOBAL const float *scale, GLOBAL const float *shift, GLOBAL number *y,
	int N, int C, int pixels, int fill) {
	PLACE
	_Pragma("unroll") for (int k = 0; k < 8; k++)
		v[k] = c + k < C ? FMA(x[((OFFSET)n * C + c + k) * pixels + p], scale[c + k], shift[c + k]) : 0.0f;
	write_octet(y + ((OFFSET)n * pixels + p) * fill + c, v);
}

KERNEL_OF(256) to_planes(GLOBAL const number *x, GLOBAL float *y, int N, int C, int pixels, int fill) {
	PLACE
	read_octet(v, x + ((OFFSET)n * pixels + p) * fill + c);
	_Pragma("unroll") for (int k = 0; k < 8; k++)
		if (c + k < C) y[((OFFSET)n * C + c + k) * pixels + p] = v[k];
}
