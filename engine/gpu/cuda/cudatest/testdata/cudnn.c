// A libcudnn without a GPU: it checks what it is given, as cuDNN's documentation says it has to be,
// and computes convolutions in host memory in the plainest way. A test compiles it. Options:
//   WRONG      a convolution's results are wrong in one place
//   UNKNOWN    no algorithm can do any
//   NO_DEVICE  the library does not start
//   VERSION    of the library
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, NOT_INITIALIZED = 1001, BAD_PARAM = 2000, NOT_SUPPORTED = 3000 };
#define CHECK(x) if (!(x)) return BAD_PARAM
#ifndef VERSION
#define VERSION 90100
#endif

static int live;
int stub_live(void) { return live; }

struct handle { int magic; uintptr_t stream; };
struct tensor { int magic, type, n, c, h, w; };
struct filter { int magic, type, k, c, h, w; };
struct conv { int magic, pad[2], stride[2], dilation[2], groups, math; };

size_t cudnnGetVersion(void) { return VERSION; }
const char *cudnnGetErrorString(int status) {
	return status == NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED" : status == NOT_INITIALIZED ? "CUDNN_STATUS_NOT_INITIALIZED" : "CUDNN_STATUS_BAD_PARAM";
}

#define MAKE(type) \
	*p = calloc(1, sizeof **p); \
	(*p)->magic = type; \
	__sync_fetch_and_add(&live, 1); \
	return OK;
#define UNMAKE(type) \
	CHECK(p && p->magic == type); \
	p->magic = 0; \
	free(p); \
	__sync_fetch_and_sub(&live, 1); \
	return OK;

#ifdef NO_DEVICE
int cudnnCreate(struct handle **p) { return NOT_INITIALIZED; }
#else
int cudnnCreate(struct handle **p) { MAKE('H') }
#endif
int cudnnDestroy(struct handle *p) { UNMAKE('H') }
int cudnnSetStream(struct handle *p, uintptr_t stream) { CHECK(p->magic == 'H' && stream); p->stream = stream; return OK; }
int cudnnCreateTensorDescriptor(struct tensor **p) { MAKE('T') }
int cudnnDestroyTensorDescriptor(struct tensor *p) { UNMAKE('T') }
int cudnnCreateFilterDescriptor(struct filter **p) { MAKE('F') }
int cudnnDestroyFilterDescriptor(struct filter *p) { UNMAKE('F') }
int cudnnCreateConvolutionDescriptor(struct conv **p) { MAKE('C') }
int cudnnDestroyConvolutionDescriptor(struct conv *p) { UNMAKE('C') }

int cudnnSetTensor4dDescriptor(struct tensor *p, int format, int type, int n, int c, int h, int w) {
	CHECK(p->magic == 'T' && format == 1 && (type == 0 || type == 9) && n > 0 && c > 0 && h > 0 && w > 0);
	p->type = type, p->n = n, p->c = c, p->h = h, p->w = w;
	return OK;
}
int cudnnSetFilter4dDescriptor(struct filter *p, int type, int format, int k, int c, int h, int w) {
	CHECK(p->magic == 'F' && format == 1 && (type == 0 || type == 9) && k > 0 && c > 0 && h > 0 && w > 0);
	p->type = type, p->k = k, p->c = c, p->h = h, p->w = w;
	return OK;
}
int cudnnSetConvolution2dDescriptor(struct conv *p, int pad_h, int pad_w, int u, int v, int dilation_h, int dilation_w, int mode, int type) {
	CHECK(p->magic == 'C' && pad_h >= 0 && pad_w >= 0 && u > 0 && v > 0 && dilation_h > 0 && dilation_w > 0 && mode == 1 && type == 0);
	p->pad[0] = pad_h, p->pad[1] = pad_w, p->stride[0] = u, p->stride[1] = v, p->dilation[0] = dilation_h, p->dilation[1] = dilation_w;
	p->groups = 1;
	return OK;
}
int cudnnSetConvolutionGroupCount(struct conv *p, int groups) { CHECK(p->magic == 'C' && groups > 0); p->groups = groups; return OK; }
int cudnnSetConvolutionMathType(struct conv *p, int math) { CHECK(p->magic == 'C' && (math == 0 || math == 1 || math == 3)); p->math = math; return OK; }

static int out(int n, int pad, int taps, int stride, int dilation) { return 1 + (n + 2 * pad - ((taps - 1) * dilation + 1)) / stride; }

// The arrays of a convolution fit each other.
static int fit(struct handle *h, struct tensor *x, struct filter *w, struct conv *c, struct tensor *y) {
	CHECK(h->magic == 'H' && x->magic == 'T' && w->magic == 'F' && c->magic == 'C' && y->magic == 'T');
	CHECK(x->type == y->type && x->type == w->type && x->n == y->n && x->c == w->c * c->groups && y->c == w->k && w->k % c->groups == 0);
	CHECK(x->type == 9 ? c->math == 1 : c->math != 1);
	CHECK(y->h == out(x->h, c->pad[0], w->h, c->stride[0], c->dilation[0]) && y->w == out(x->w, c->pad[1], w->w, c->stride[1], c->dilation[1]));
	return OK;
}

// The workspace of a convolution, which has to be that much.
static size_t workspace(struct tensor *x, int algo) { return algo == 0 ? 0 : 1000 + 8 * (size_t)x->c; }
static int needs(int status, struct tensor *x, int algo, int most, size_t *bytes) {
	if (status) return status;
#ifdef UNKNOWN
	return NOT_SUPPORTED;
#endif
	if (algo < 0 || algo > most) return NOT_SUPPORTED;
	*bytes = workspace(x, algo);
	return OK;
}
int cudnnGetConvolutionForwardWorkspaceSize(struct handle *h, struct tensor *x, struct filter *w, struct conv *c, struct tensor *y, int algo, size_t *bytes) {
	return needs(fit(h, x, w, c, y), x, algo, 1, bytes);
}
int cudnnGetConvolutionBackwardDataWorkspaceSize(struct handle *h, struct filter *w, struct tensor *dy, struct conv *c, struct tensor *dx, int algo, size_t *bytes) {
	return needs(fit(h, dx, w, c, dy), dx, algo, 1, bytes);
}
int cudnnGetConvolutionBackwardFilterWorkspaceSize(struct handle *h, struct tensor *x, struct tensor *dy, struct conv *c, struct filter *dw, int algo, size_t *bytes) {
	return needs(fit(h, x, dw, c, dy), x, algo, 1, bytes);
}

static float get(const void *p, size_t i, int type) {
	if (type == 0) return ((const float *)p)[i];
	uint32_t u = (uint32_t)((const uint16_t *)p)[i] << 16;
	float f;
	memcpy(&f, &u, 4);
	return f;
}
static void put(void *p, size_t i, int type, double v) {
	float f = v;
	uint32_t u;
	if (type == 0) {
		((float *)p)[i] = f;
		return;
	}
	memcpy(&u, &f, 4);
	((uint16_t *)p)[i] = isnan(f) ? 0x7fc0 : (u + 0x7fff + (u >> 16 & 1)) >> 16;
}

// Calls visit for every product of the convolution: element x of x, w of w and y of y.
#define EACH_PRODUCT(visit) \
	for (int n = 0; n < y->n; n++) \
	for (int i = 0; i < y->h; i++) \
	for (int j = 0; j < y->w; j++) \
	for (int k = 0; k < y->c; k++) \
	for (int r = 0; r < w->h; r++) \
	for (int s = 0; s < w->w; s++) { \
		int iy = i * c->stride[0] - c->pad[0] + r * c->dilation[0], ix = j * c->stride[1] - c->pad[1] + s * c->dilation[1]; \
		if (iy < 0 || iy >= x->h || ix < 0 || ix >= x->w) continue; \
		int group = k / (w->k / c->groups); \
		for (int q = 0; q < w->c; q++) { \
			size_t at_x = (((size_t)n * x->h + iy) * x->w + ix) * x->c + group * w->c + q; \
			size_t at_w = (((size_t)k * w->h + r) * w->w + s) * w->c + q; \
			size_t at_y = (((size_t)n * y->h + i) * y->w + j) * y->c + k; \
			visit; \
		} \
	}

static int run(struct handle *h, const float *alpha, struct tensor *x, const void *px, struct filter *w, const void *pw, struct conv *c, struct tensor *y,
	const void *py, int algo, void *work, size_t bytes, const float *beta, int result) {
	int status = fit(h, x, w, c, y);
	if (status) return status;
	CHECK(*alpha == 1 && *beta == 0 && bytes >= workspace(x, algo) && (work || !bytes) && px && pw && py);
	memset(work, 0xff, workspace(x, algo));
	size_t sizes[] = {(size_t)x->n * x->h * x->w * x->c, (size_t)w->k * w->h * w->w * w->c, (size_t)y->n * y->h * y->w * y->c}, size = sizes[result];
	double *sums = calloc(size, sizeof *sums);
	int type = x->type;
	switch (result) {
	case 0: EACH_PRODUCT(sums[at_x] += (double)get(pw, at_w, type) * get(py, at_y, type)) break;
	case 1: EACH_PRODUCT(sums[at_w] += (double)get(px, at_x, type) * get(py, at_y, type)) break;
	case 2: EACH_PRODUCT(sums[at_y] += (double)get(px, at_x, type) * get(pw, at_w, type)) break;
	}
	void *to = (void *)(result == 0 ? px : result == 1 ? pw : py);
	for (size_t i = 0; i < size; i++) put(to, i, type, sums[i]);
#ifdef WRONG
	put(to, result == 1 ? 0 : size - (result == 0 ? x->c : y->c), type, 100);
#endif
	free(sums);
	return OK;
}

int cudnnConvolutionForward(struct handle *h, const float *alpha, struct tensor *x, const void *px, struct filter *w, const void *pw, struct conv *c, int algo,
	void *work, size_t bytes, const float *beta, struct tensor *y, void *py) {
	return run(h, alpha, x, px, w, pw, c, y, py, algo, work, bytes, beta, 2);
}
int cudnnConvolutionBackwardData(struct handle *h, const float *alpha, struct filter *w, const void *pw, struct tensor *dy, const void *pdy, struct conv *c, int algo,
	void *work, size_t bytes, const float *beta, struct tensor *dx, void *pdx) {
	return run(h, alpha, dx, pdx, w, pw, c, dy, pdy, algo, work, bytes, beta, 0);
}
int cudnnConvolutionBackwardFilter(struct handle *h, const float *alpha, struct tensor *x, const void *px, struct tensor *dy, const void *pdy, struct conv *c, int algo,
	void *work, size_t bytes, const float *beta, struct filter *dw, void *pdw) {
	return run(h, alpha, x, px, dw, pdw, c, dy, pdy, algo, work, bytes, beta, 1);
}
