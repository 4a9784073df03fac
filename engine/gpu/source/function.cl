// One function of functions.h: FUNCTION is its number. A module for each compiles faster than one
// for all, and its loops have no switch.

// y is function_of x.
KERNEL_OF(256) map(GLOBAL const number *x, GLOBAL number *y, int octets, int fill, int C, float a, float b) {
	PLACE
	read_octet(v, x + at);
	EACH v[k] = function_of(FUNCTION, v[k], a, b);
	CLEAR
	write_octet(y + at, v);
}

// dx is dy times slope_of x.
KERNEL_OF(256) map_grad(GLOBAL const number *x, GLOBAL const number *dy, GLOBAL number *dx, int octets, int fill, int C,
	float a, float b) {
	PLACE
	float w[8];
	read_octet(v, x + at);
	read_octet(w, dy + at);
	EACH v[k] = w[k] * slope_of(FUNCTION, v[k], a, b);
	CLEAR
	write_octet(dx + at, v);
}

