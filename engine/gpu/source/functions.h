// The functions of op.Map and their derivatives, by number: package source's Function. a and b
// are their constants. Absolute errors are a few units in the last place of the result or of
// the terms it is summed from.

#define INFINITE FLOAT_OF(0x7f800000u)
#define NOT_A_NUMBER FLOAT_OF(0x7fc00000u)

FUNC float absolute(float x) { return FLOAT_OF(BITS_OF(x) & 0x7fffffffu); }

// Exponential and logarithm of any number.
FUNC float exp_any(float x) {
	if (!(absolute(x) > 87.0f)) return exponential(x);
	float root = exponential(0.5f * x);
	return root * root;
}

FUNC float log_any(float x) {
	if (!(x > 0.0f)) return x == 0.0f ? -INFINITE : NOT_A_NUMBER;
	if (x == INFINITE) return x;
	return x < 1.2e-38f ? logarithm(x * 16777216.0f) - 16.6355323f : logarithm(x);
}

// exp(x) − 1 without the cancellation near 0.
FUNC float exp_minus_1(float x) {
	if (absolute(x) > 0.34f) return exp_any(x) - 1.0f;
	float p = 1.9875691500e-4f;
	p = FMA(p, x, 1.3981999507e-3f);
	p = FMA(p, x, 8.3334519073e-3f);
	p = FMA(p, x, 4.1665795894e-2f);
	p = FMA(p, x, 1.6666665459e-1f);
	p = FMA(p, x, 5.0000001201e-1f);
	return FMA(p, x * x, x);
}

FUNC float sigmoid(float x) { return 1.0f / (1.0f + exp_any(-x)); }

FUNC float hyperbolic_tangent(float x) {
	float z = x * x, p = -5.70498872745e-3f;
	if (absolute(x) > 0.625f) {
		float t = 1.0f - 2.0f / (exp_any(2.0f * absolute(x)) + 1.0f);
		return x < 0.0f ? -t : t;
	}
	p = FMA(p, z, 2.06390887954e-2f);
	p = FMA(p, z, -5.37397155531e-2f);
	p = FMA(p, z, 1.33314422036e-1f);
	p = FMA(p, z, -3.33332819422e-1f);
	return FMA(p * z, x, x);
}

FUNC float error_function(float x) {
	float t = absolute(x), s = x * x, p;
	if (t > 0.927734375f) {
		p = FMA(FMA(-1.72853470e-5f, t, 3.83197126e-4f), s, FMA(-3.88396438e-3f, t, 2.42546219e-2f));
		p = FMA(p, t, -1.06777877e-1f);
		p = FMA(p, t, -6.34846687e-1f);
		p = FMA(p, t, -1.28717512e-1f);
		p = 1.0f - exp_any(FMA(p, t, -t));
		return x < 0.0f ? -p : p;
	}
	p = FMA(-5.96761703e-4f, s, 4.99119423e-3f);
	p = FMA(p, s, -2.67681349e-2f);
	p = FMA(p, s, 1.12819925e-1f);
	p = FMA(p, s, -3.76125336e-1f);
	p = FMA(p, s, 1.28379166e-1f);
	return FMA(p, x, x);
}

// The standard normal distribution and its density.
FUNC float normal(float x) { return FMA(0.5f, error_function(0.707106781f * x), 0.5f); }
FUNC float density(float x) { return 0.398942280f * exp_any(-0.5f * x * x); }

FUNC float soft_plus(float x) { return (x < 0.0f ? 0.0f : x) + logarithm1(exp_any(-absolute(x))); }

FUNC float gelu_inner(float x) { return 0.797884561f * FMA(0.044715f * x * x, x, x); }

FUNC float clipped(float x, float low, float high) {
	x = x < low ? low : x;
	return x > high ? high : x;
}

FUNC float power(float x, float a) {
	float size = absolute(a), whole = (float)(int)size;
	if (size < 64.0f && whole == size) { // products are exact where powers are, and know signs
		float y = 1.0f, square = x;
		for (int n = (int)size; n > 0; n /= 2) {
			if (n % 2) y *= square;
			square *= square;
		}
		return a < 0.0f ? 1.0f / y : y;
	}
	if (x == 0.0f) return a < 0.0f ? INFINITE : 0.0f;
	int integer = size >= 16777216.0f || whole == size;
	if (x < 0.0f && !integer) return NOT_A_NUMBER;
	float y = exp_any(a * log_any(absolute(x)));
	return x < 0.0f && size < 16777216.0f && (int)size % 2 ? -y : y;
}

// cheap_function_of knows functions 0 to CHEAP: few instructions, for the ends of other kernels.
#define CHEAP 8

FUNC float cheap_function_of(int number, float x, float a, float b) {
	switch (number) {
	case 1: return x < 0.0f ? 0.0f : x; // relu
	case 2: return FMA(a, x, b);
	case 3: return clipped(x, a, b);
	case 4: return x < 0.0f ? a * x : x; // leakyrelu
	case 5: return sigmoid(x);
	case 6: return x * sigmoid(x); // silu
	case 7: return clipped(FMA(a, x, b), 0.0f, 1.0f); // hardsigmoid
	case 8: return x * clipped(FMA(x, 0.166666667f, 0.5f), 0.0f, 1.0f); // hardswish
	}
	return x;
}

FUNC float function_of(int number, float x, float a, float b) {
	switch (number) {
	case 9: return x < 0.0f ? a * exp_minus_1(x) : x; // elu
	case 10: return b * (x < 0.0f ? a * exp_minus_1(x) : x); // selu
	case 11: return hyperbolic_tangent(x);
	case 12: return soft_plus(x);
	case 13: return x / (1.0f + absolute(x)); // softsign
	case 14: return x * hyperbolic_tangent(soft_plus(x)); // mish
	case 15: return x * normal(x); // gelu
	case 16: return 0.5f * x * (1.0f + hyperbolic_tangent(gelu_inner(x)));
	case 17: return error_function(x);
	case 18: return exp_any(x);
	case 19: return log_any(x);
	case 20: return SQRT(x);
	case 21: return absolute(x);
	case 22: return 1.0f / x;
	case 23: return power(x, a);
	case 24: return x > a ? x : 0.0f; // thresholdrelu
	}
	return cheap_function_of(number, x, a, b);
}

// slope_of is function_of's derivative with respect to x.
FUNC float slope_of(int number, float x, float a, float b) {
	float s, t;
	switch (number) {
	case 1: return x > 0.0f ? 1.0f : 0.0f;
	case 2: return a;
	case 3: return x >= a && x <= b ? 1.0f : 0.0f;
	case 4: return x < 0.0f ? a : 1.0f;
	case 5: s = sigmoid(x); return s * (1.0f - s);
	case 6: s = sigmoid(x); return s * FMA(x, 1.0f - s, 1.0f);
	case 7: s = FMA(a, x, b); return s > 0.0f && s < 1.0f ? a : 0.0f;
	case 8: return x <= -3.0f ? 0.0f : (x >= 3.0f ? 1.0f : FMA(x, 0.333333333f, 0.5f));
	case 9: return x < 0.0f ? a * exp_any(x) : 1.0f;
	case 10: return b * (x < 0.0f ? a * exp_any(x) : 1.0f);
	case 11: t = hyperbolic_tangent(x); return FMA(-t, t, 1.0f);
	case 12: return sigmoid(x);
	case 13: s = 1.0f + absolute(x); return 1.0f / (s * s);
	case 14: t = hyperbolic_tangent(soft_plus(x)); return FMA(x * FMA(-t, t, 1.0f), sigmoid(x), t);
	case 15: return FMA(x, density(x), normal(x));
	case 16:
		t = hyperbolic_tangent(gelu_inner(x));
		return 0.5f * (1.0f + t) + 0.5f * x * FMA(-t, t, 1.0f) * 0.797884561f * FMA(0.134145f * x, x, 1.0f);
	case 17: return 1.12837917f * exp_any(-x * x);
	case 18: return exp_any(x);
	case 19: return 1.0f / x;
	case 20: return 0.5f / SQRT(x);
	case 21: return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : 0.0f);
	case 22: return -1.0f / (x * x);
	case 23: return a == 0.0f ? 0.0f : a * power(x, a - 1.0f);
	case 24: return x > a ? 1.0f : 0.0f;
	}
	return 1.0f;
}
