// A libcuda without a GPU: it checks the arguments of every call, keeps device memory in the host's,
// and knows one kernel, copied of module update. A test compiles it.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int CUresult;
enum { OK = 0, INVALID_VALUE = 1, INVALID_DEVICE = 101, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_PTX = 218, NEW = 12345, NOT_FOUND = 500 };

static __thread uintptr_t current; // context of the thread
static int retained, live, priorities[2];
static const char cubin[] = "CUBIN";

#define CONTEXT if (current != 0xC0DE || retained < 1) return INVALID_CONTEXT
#define CHECK(x) if (!(x)) return INVALID_VALUE

int stub_live(void) { return live + retained; }
int stub_priorities(void) { return priorities[0] * 100 + priorities[1]; }

CUresult cuInit(unsigned flags) { return flags; }
CUresult cuDriverGetVersion(int *v) { *v = 12080; return OK; }
CUresult cuGetErrorName(CUresult r, const char **name) { *name = r == NEW ? "CUDA_ERROR_FROM_THE_FUTURE" : "?"; return OK; }
CUresult cuDeviceGetCount(int *n) { *n = 2; return OK; }
CUresult cuDeviceGet(int *device, int ordinal) { CHECK(ordinal == 0 || ordinal == 1); *device = 100 + ordinal; return OK; }
CUresult cuDeviceGetName(char *name, int length, int device) {
	CHECK(length == 256 && device >= 100);
	memset(name, '#', length);
	strcpy(name, device == 100 ? "NVIDIA Stub" : "NVIDIA Stub 2");
	return OK;
}
CUresult cuDeviceTotalMem_v2(size_t *bytes, int device) { CHECK(device >= 100); *bytes = 141ull << 30; return OK; }
CUresult cuDeviceGetAttribute(int *v, int attribute, int device) {
	CHECK(device >= 100);
	switch (attribute) {
	case 1: *v = 1024; return OK;
	case 8: *v = 49152; return OK;
	case 16: *v = 132; return OK;
	case 75: *v = 9; return OK;
	case 76: *v = 0; return OK;
	}
	return INVALID_VALUE;
}
CUresult cuDevicePrimaryCtxRetain(uintptr_t *context, int device) { CHECK(device == 101); *context = 0xC0DE; retained++; return OK; }
CUresult cuDevicePrimaryCtxRelease_v2(int device) { CHECK(device == 101 && retained > 0); retained--; return OK; }
CUresult cuCtxSetCurrent(uintptr_t context) { CHECK(context == 0xC0DE); current = context; return OK; }
CUresult cuCtxSynchronize(void) { CONTEXT; return OK; }
CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest) { CONTEXT; *least = 0, *greatest = -5; return OK; }
CUresult cuMemGetInfo_v2(size_t *free, size_t *total) { CONTEXT; *free = 1 << 20, *total = 141ull << 30; return OK; }

CUresult cuMemAlloc_v2(uint64_t *at, size_t bytes) {
	CONTEXT;
	CHECK(bytes > 0);
	if (bytes > 1 << 30) return 2;
	if (bytes == 77777) return NEW;
	__sync_fetch_and_add(&live, 1);
	*at = (uint64_t)malloc(bytes);
	return OK;
}
CUresult cuMemFree_v2(uint64_t at) { CONTEXT; CHECK(at); __sync_fetch_and_sub(&live, 1); free((void *)at); return OK; }
CUresult cuMemHostAlloc(void **p, size_t bytes, unsigned flags) {
	CONTEXT;
	CHECK(bytes > 0 && flags == 0);
	__sync_fetch_and_add(&live, 1);
	*p = malloc(bytes);
	return OK;
}
CUresult cuMemFreeHost(void *p) { CONTEXT; CHECK(p); __sync_fetch_and_sub(&live, 1); free(p); return OK; }

static char *log_buffer;
CUresult cuLinkCreate_v2(unsigned n, unsigned *options, void **values, uintptr_t *state) {
	CONTEXT;
	CHECK(n == 2 && options[0] == 5 && options[1] == 6 && values[0] && (uintptr_t)values[1] == 8192);
	log_buffer = values[0];
	__sync_fetch_and_add(&live, 1);
	*state = 0x517;
	return OK;
}
CUresult cuLinkAddData_v2(uintptr_t state, int type, char *data, size_t size, const char *name, unsigned n, void *options, void *values) {
	CONTEXT;
	CHECK(state == 0x517 && type == 1 && strlen(data) + 1 == size && !strcmp(name, "hfcui.ptx") && n == 0 && !options && !values);
	if (strstr(data, "nonsense")) {
		strcpy(log_buffer, "ptxas: line 1: nonsense");
		return INVALID_PTX;
	}
	return OK;
}
CUresult cuLinkComplete(uintptr_t state, void **data, size_t *size) { CONTEXT; CHECK(state == 0x517); *data = (void *)cubin, *size = sizeof cubin; return OK; }
CUresult cuLinkDestroy(uintptr_t state) { CONTEXT; CHECK(state == 0x517); __sync_fetch_and_sub(&live, 1); return OK; }
CUresult cuModuleLoadData(uintptr_t *module, const void *image) {
	CONTEXT;
	if (memcmp(image, cubin, sizeof cubin)) return INVALID_IMAGE;
	__sync_fetch_and_add(&live, 1);
	*module = 0x30D;
	return OK;
}
CUresult cuModuleUnload(uintptr_t module) { CONTEXT; CHECK(module == 0x30D); __sync_fetch_and_sub(&live, 1); return OK; }
CUresult cuModuleGetFunction(uintptr_t *function, uintptr_t module, const char *name) {
	CONTEXT;
	CHECK(module == 0x30D);
	if (strcmp(name, "copied")) return NOT_FOUND;
	*function = 0xF00;
	return OK;
}

struct stream { int magic, capturing; };
#define STREAM(s) CHECK((s) && ((struct stream *)(s))->magic == 0x57)
CUresult cuStreamCreateWithPriority(struct stream **s, unsigned flags, int priority) {
	CONTEXT;
	CHECK(flags == 1 && (priority == 0 || priority == -5));
	__sync_fetch_and_add(&priorities[priority == 0], 1);
	__sync_fetch_and_add(&live, 1);
	*s = calloc(1, sizeof **s);
	(*s)->magic = 0x57;
	return OK;
}
CUresult cuStreamDestroy_v2(struct stream *s) { CONTEXT; STREAM(s); __sync_fetch_and_sub(&live, 1); s->magic = 0; free(s); return OK; }
CUresult cuStreamSynchronize(struct stream *s) { CONTEXT; STREAM(s); CHECK(!s->capturing); return OK; }
CUresult cuMemsetD8Async(uint64_t at, unsigned char v, size_t n, struct stream *s) { CONTEXT; STREAM(s); CHECK(v == 0); memset((void *)at, 0, n); return OK; }
CUresult cuMemcpyHtoDAsync_v2(uint64_t dst, const void *src, size_t n, struct stream *s) { CONTEXT; STREAM(s); memcpy((void *)dst, src, n); return OK; }
CUresult cuMemcpyDtoHAsync_v2(void *dst, uint64_t src, size_t n, struct stream *s) { CONTEXT; STREAM(s); memcpy(dst, (void *)src, n); return OK; }
CUresult cuMemcpyDtoDAsync_v2(uint64_t dst, uint64_t src, size_t n, struct stream *s) { CONTEXT; STREAM(s); memmove((void *)dst, (void *)src, n); return OK; }

// What copied has as its parameters.
struct params { uint64_t x, y; int n; };
struct graph { int magic, n; struct params calls[16]; };
static __thread struct graph *recording;

static void run(struct params *p) { memmove((void *)p->y, (void *)p->x, 4 * (size_t)p->n); }

CUresult cuLaunchKernel(uintptr_t f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
	struct stream *s, void **params, void **extra) {
	CONTEXT;
	STREAM(s);
	CHECK(f == 0xF00 && gx >= 1 && gy == 1 && gz == 1 && bx == 256 && by == 1 && bz == 1 && shared == 0 && !params);
	CHECK(extra && extra[0] == (void *)1 && extra[2] == (void *)2 && extra[4] == 0 && *(size_t *)extra[3] == 20);
	struct params p;
	memcpy(&p, extra[1], 20);
	CHECK(gx * bx >= (unsigned)p.n);
	if (s->capturing) {
		CHECK(recording && recording->n < 16);
		recording->calls[recording->n++] = p;
	} else {
		run(&p);
	}
	return OK;
}

CUresult cuEventCreate(int **e, unsigned flags) { CONTEXT; CHECK(flags == 0 || flags == 2); __sync_fetch_and_add(&live, 1); *e = malloc(sizeof **e); **e = 0xE0 + flags; return OK; }
CUresult cuEventDestroy_v2(int *e) { CONTEXT; CHECK(e && (*e & 0xF0) == 0xE0); __sync_fetch_and_sub(&live, 1); *e = 0; free(e); return OK; }
CUresult cuEventRecord(int *e, struct stream *s) { CONTEXT; STREAM(s); CHECK(e && (*e & 0xF0) == 0xE0); return OK; }
CUresult cuEventSynchronize(int *e) { CONTEXT; CHECK(e && (*e & 0xF0) == 0xE0); return OK; }
CUresult cuEventElapsedTime(float *ms, int *from, int *to) { CONTEXT; CHECK(*from == 0xE0 && *to == 0xE0); *ms = 1.5f; return OK; }

// A capture is on one thread.
CUresult cuStreamBeginCapture_v2(struct stream *s, int mode) {
	CONTEXT;
	STREAM(s);
	CHECK(mode == 2 && !s->capturing);
	s->capturing = 1;
	recording = calloc(1, sizeof *recording);
	recording->magic = 0x64;
	__sync_fetch_and_add(&live, 1);
	return OK;
}
CUresult cuStreamEndCapture(struct stream *s, struct graph **g) { CONTEXT; STREAM(s); CHECK(s->capturing && recording); s->capturing = 0; *g = recording; recording = 0; return OK; }
CUresult cuGraphInstantiateWithFlags(struct graph **exec, struct graph *g, unsigned long long flags) {
	CONTEXT;
	CHECK(g && g->magic == 0x64 && flags == 0);
	*exec = malloc(sizeof **exec);
	**exec = *g;
	(*exec)->magic = 0x65;
	__sync_fetch_and_add(&live, 1);
	return OK;
}
CUresult cuGraphLaunch(struct graph *exec, struct stream *s) {
	CONTEXT;
	STREAM(s);
	CHECK(exec && exec->magic == 0x65);
	for (int i = 0; i < exec->n; i++) run(&exec->calls[i]);
	return OK;
}
CUresult cuGraphDestroy(struct graph *g) { CONTEXT; CHECK(g && g->magic == 0x64); __sync_fetch_and_sub(&live, 1); g->magic = 0; free(g); return OK; }
CUresult cuGraphExecDestroy(struct graph *g) { CONTEXT; CHECK(g && g->magic == 0x65); __sync_fetch_and_sub(&live, 1); g->magic = 0; free(g); return OK; }
