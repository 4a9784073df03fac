// Package ptx interprets PTX, the assembly language of NVIDIA GPUs, on the host: the very text
// that a GPU's driver would compile, matrix instructions and asynchronous copies included. It
// is a test bench. A launch fails, with the kernel, line, group and thread, on
//
//   - an access outside the memory it was given, or misaligned,
//   - a data race: two threads, one of them writing, with no barrier between them, in shared
//     memory or within a group in global memory, and between groups in global memory always,
//   - a barrier that some threads of the group do not reach, or reach in different places,
//   - a warp instruction that a warp's threads do not execute together,
//   - a read of shared memory that nobody has written, or whose asynchronous copy has not been
//     waited for.
//
// It knows the instructions that LLVM emits for the kernels of package source; Parse fails on
// any other one and names it. No text makes it panic.
package ptx
