// What follows a convolution's sum where a library has computed that: see conv.cl. y is changed in
// place: bias [C] if flags & 1, addend like y if flags & 2, a cheap function, and zeros in fill
// channels, those from C on.

KERNEL_OF(256) finish(GLOBAL number *y, GLOBAL const float *bias, GLOBAL const number *addend, int octets, int fill, int C,
	int flags, int function, float a, float b) {
	PLACE
	float w[8];
	int first = i % (fill / 8) * 8;
	read_octet(v, y + at);
	EACH if (flags & 1 && first + k < C) v[k] += bias[first + k];
	if (flags & 2) {
		read_octet(w, addend + at);
		EACH v[k] += w[k];
	}
	EACH v[k] = first + k < C ? cheap_function_of(function, v[k], a, b) : 0.0f;
	write_octet(y + at, v);
}
