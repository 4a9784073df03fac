// Operations on single elements, octet by octet.

KERNEL_OF(256) add(GLOBAL const number *a, GLOBAL const number *b, GLOBAL number *y, int octets) {
	PLACE
	float w[8];
	read_octet(v, a + at);
	read_octet(w, b + at);
	EACH v[k] += w[k];
	write_octet(y + at, v);
}

KERNEL_OF(256) subtract(GLOBAL const number *a, GLOBAL const number *b, GLOBAL number *y, int octets) {
	PLACE
	float w[8];
	read_octet(v, a + at);
	read_octet(w, b + at);
	EACH v[k] -= w[k];
	write_octet(y + at, v);
}

KERNEL_OF(256) multiply(GLOBAL const number *a, GLOBAL const number *b, GLOBAL number *y, int octets) {
	PLACE
	float w[8];
	read_octet(v, a + at);
	read_octet(w, b + at);
	EACH v[k] *= w[k];
	write_octet(y + at, v);
}

KERNEL_OF(256) divide(GLOBAL const number *a, GLOBAL const number *b, GLOBAL number *y, int octets, int fill, int C) {
	PLACE
	float w[8];
	read_octet(v, a + at);
	read_octet(w, b + at);
	EACH v[k] /= w[k];
	CLEAR
	write_octet(y + at, v);
}

KERNEL_OF(256) relu(GLOBAL const number *x, GLOBAL number *y, int octets) {
	PLACE
	read_octet(v, x + at);
	EACH v[k] = rectified(v[k]);
	write_octet(y + at, v);
}

// dx is dy where y, the ReLU's output, is positive.
KERNEL_OF(256) relu_grad(GLOBAL const number *y, GLOBAL const number *dy, GLOBAL number *dx, int octets) {
	PLACE
	float w[8];
	read_octet(w, y + at);
	read_octet(v, dy + at);
	EACH v[k] = w[k] > 0.0f ? v[k] : 0.0f;
	write_octet(dx + at, v);
}

// y is x·factor where the mask keep is positive.
KERNEL_OF(256) dropout(GLOBAL const number *x, GLOBAL const number *keep, GLOBAL number *y, int octets, float factor) {
	PLACE
	float w[8];
	read_octet(v, x + at);
	read_octet(w, keep + at);
	EACH v[k] = w[k] > 0.0f ? v[k] * factor : 0.0f;
	write_octet(y + at, v);
}

// y is x·scale + shift, which are per channel.
KERNEL_OF(256) per_channel(GLOBAL const number *x, GLOBAL const float *scale, GLOBAL const float *shift, GLOBAL number *y,
	int octets, int fill, int C) {
	PLACE
	int c = i % (fill / 8) * 8;
	read_octet(v, x + at);
	EACH v[k] = c + k < C ? FMA(v[k], scale[c + k], shift[c + k]) : 0.0f;
	write_octet(y + at, v);
}
