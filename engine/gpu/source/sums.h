// Sums and searches over the threads of a group. Their order depends on the group's size only.

// Loops with a barrier stay loops: compilers of OpenCL for processors take long for many barriers.
#define ROLLED _Pragma("unroll 1")

// Adds the values of all rows to those of the first, where a group of `threads` threads is rows ×
// across: count values of every thread, value k of thread t at sums[k·threads + t].
FUNC void add_rows(LOCAL float *sums, int count, int threads, int across, int rows) {
	SYNC();
	ROLLED while (rows > 1) {
		int upper = (rows + 1) / 2;
		if (THREAD < (rows - upper) * across)
			for (int k = 0; k < count; k++) sums[k * threads + THREAD] += sums[k * threads + THREAD + upper * across];
		SYNC();
		rows = upper;
	}
}

// The sum of a group's values, known to all of its threads.
FUNC float group_sum(LOCAL float *sums, int threads, float v) {
	sums[THREAD] = v;
	add_rows(sums, 1, threads, 1, threads);
	v = sums[0];
	SYNC();
	return v;
}

// Whether number v with index k comes before number w with index j, the largest first and equal
// ones in order. NaN comes before nothing.
FUNC int before(float v, int k, float w, int j) { return v > w || (v == w && k < j); }
