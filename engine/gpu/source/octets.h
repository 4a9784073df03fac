// Of kernels whose arrays all lie in the same way: a thread computes an octet of channels. Arrays
// that are no images are octets of elements.

#define PLACE \
	int i = GROUP(0) * THREADS + THREAD; \
	if (i >= octets) return; \
	OFFSET at = (OFFSET)i * 8; \
	float v[8];

#define EACH _Pragma("unroll") for (int k = 0; k < 8; k++)

// For functions that are not zero at zero: of a pixel's fill channels, those from C on stay zero.
#define CLEAR \
	int c = i % (fill / 8) * 8; \
	if (c + 8 > C) EACH v[k] = c + k < C ? v[k] : 0.0f;
