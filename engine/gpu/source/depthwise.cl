// Convolutions whose output channels see one input channel each, the same. Windows are those
// of conv.cl; weights are [R,S,C] in float32. Bytes decide: neither matrix instructions nor
// local memory would help.

// A thread makes eight channels of a pixel.
KERNEL_OF(128) depthwise(GLOBAL const number *x, GLOBAL const float *w, GLOBAL number *y, GLOBAL const float *bias,
	GLOBAL const number *addend, int octets, int H, int W, int C, int PH, int PW, int YH, int YW, int R, int S, int channels,
	int advance_y, int advance_x, int from_y, int from_x, int spread_y, int spread_x,
	int step_y, int step_x, int first_y, int first_x, int flags, int function, float fa, float fb) {
	int i = GROUP(0) * 128 + THREAD;
	if (i >= octets) return;
	int across = C / 8, p = i / across, c = (i - p * across) * 8;
	int n = p / (PH * PW), q = p - n * PH * PW, oy = q / PW, ox = q - oy * PW;
	int top = oy * advance_y + from_y, left = ox * advance_x + from_x;
	float v[8], xv[8];
#pragma unroll
	for (int e = 0; e < 8; e++) v[e] = flags & 1 && c + e < channels ? bias[c + e] : 0.0f;
	for (int r = 0; r < R; r++) {
		int iy = top + r * spread_y;
		if (iy < 0 || iy >= H) continue;
		for (int s = 0; s < S; s++) {
			int ix = left + s * spread_x;
			if (ix < 0 || ix >= W) continue;
			read_octet(xv, x + (OFFSET)((n * H + iy) * W + ix) * C + c);
			GLOBAL const float *ws = w + (r * S + s) * C + c;
#pragma unroll
			for (int e = 0; e < 8; e++) v[e] = FMA(xv[e], ws[e], v[e]);
		}
	}
	OFFSET to = (((OFFSET)n * YH + oy * step_y + first_y) * YW + ox * step_x + first_x) * C + c;
	if (flags & 2) {
		read_octet(xv, addend + to);
#pragma unroll
		for (int e = 0; e < 8; e++) v[e] += xv[e];
	}
#pragma unroll
	for (int e = 0; e < 8; e++) v[e] = c + e < channels ? cheap_function_of(function, v[e], fa, fb) : 0.0f;
	write_octet(y + to, v);
}

// sums [GROUPS(2),R·S,C]: of tap GROUP(1), channels GROUP(0)·32 to +31 and one of GROUPS(2)
// equal ranges of pixels; weight_grad_sum adds them up. x [N,H,W,C], dy [N,OH,OW,C].
KERNEL_OF(256) depthwise_weight_grad(GLOBAL const number *x, GLOBAL const number *dy, GLOBAL float *sums,
	int pixels, int H, int W, int C, int OH, int OW, int S, int stride_y, int stride_x, int top, int left,
	int dilation_y, int dilation_x) {
	SHARED float rows[256];
	int c = GROUP(0) * 32 + THREAD % 32, row = THREAD / 32;
	int down = GROUP(1) / S * dilation_y - top, right = GROUP(1) % S * dilation_x - left;
	int each = (pixels + GROUPS(2) - 1) / GROUPS(2), from = GROUP(2) * each, to = from + each < pixels ? from + each : pixels;
	int p = from + row, q = p % (OH * OW), image = p / (OH * OW), oy = q / OW, ox = q % OW;
	int images_on = 8 / (OH * OW), rows_on = 8 % (OH * OW) / OW, on = 8 % (OH * OW) % OW;
	float sum = 0.0f;
	for (; p < to && c < C; p += 8) {
		int iy = oy * stride_y + down, ix = ox * stride_x + right;
		if (iy >= 0 && iy < H && ix >= 0 && ix < W)
			sum = FMA(value(x[(OFFSET)((image * H + iy) * W + ix) * C + c]), value(dy[(OFFSET)p * C + c]), sum);
		ox += on, oy += rows_on, image += images_on;
		if (ox >= OW) ox -= OW, oy++;
		if (oy >= OH) oy -= OH, image++;
	}
	rows[THREAD] = sum;
	SYNC();
	if (row == 0 && c < C) {
		for (int i = 1; i < 8; i++) sum += rows[i * 32 + THREAD];
		sums[(GROUP(2) * GROUPS(1) + GROUP(1)) * C + c] = sum;
	}
}
