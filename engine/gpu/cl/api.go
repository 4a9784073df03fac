// Package cl is OpenCL without cgo: libOpenCL is found when the program runs. It has what
// [hal.Device] needs and no more, in OpenCL 1.2 and two extensions that are optional.
package cl

import (
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"hfcui/engine/gpu/library"
	"hfcui/engine/printable"
)

// names of the loader that finds the drivers of devices, tried in this order.
var names = []string{
	"libOpenCL.so.1", "libOpenCL.so", "OpenCL.dll",
	"/System/Library/Frameworks/OpenCL.framework/OpenCL",
}

// api are the addresses of OpenCL's functions.
type api struct {
	getPlatformIDs, getPlatformInfo, getDeviceIDs, getDeviceInfo       uintptr
	createContext, releaseContext                                      uintptr
	createQueue, createQueueWith, releaseQueue                         uintptr // createQueueWith: 0 before OpenCL 2.0
	createSource, createBinary, buildProgram, releaseProgram           uintptr
	getBuildInfo, getProgramInfo                                       uintptr
	createKernel, releaseKernel, setKernelArg                          uintptr
	createBuffer, createSubBuffer, releaseMem                          uintptr
	enqueueKernel, enqueueRead, enqueueWrite, enqueueCopy, enqueueFill uintptr
	enqueueMap, enqueueUnmap, enqueueMarker                            uintptr
	flush, finish, waitForEvents, releaseEvent                         uintptr
}

// load loads OpenCL when a device is first listed or opened, not when the program starts.
var load = sync.OnceValues(func() (*api, error) {
	rememberSignals()
	lib, err := library.Open(names...)
	if err != nil {
		return nil, err
	}
	a := new(api)
	for symbol, address := range map[string]*uintptr{
		"clGetPlatformIDs": &a.getPlatformIDs, "clGetPlatformInfo": &a.getPlatformInfo,
		"clGetDeviceIDs": &a.getDeviceIDs, "clGetDeviceInfo": &a.getDeviceInfo,
		"clCreateContext": &a.createContext, "clReleaseContext": &a.releaseContext,
		"clCreateCommandQueue": &a.createQueue, "clReleaseCommandQueue": &a.releaseQueue,
		"clCreateProgramWithSource": &a.createSource, "clCreateProgramWithBinary": &a.createBinary,
		"clBuildProgram": &a.buildProgram, "clReleaseProgram": &a.releaseProgram,
		"clGetProgramBuildInfo": &a.getBuildInfo, "clGetProgramInfo": &a.getProgramInfo,
		"clCreateKernel": &a.createKernel, "clReleaseKernel": &a.releaseKernel, "clSetKernelArg": &a.setKernelArg,
		"clCreateBuffer": &a.createBuffer, "clCreateSubBuffer": &a.createSubBuffer, "clReleaseMemObject": &a.releaseMem,
		"clEnqueueNDRangeKernel": &a.enqueueKernel, "clEnqueueReadBuffer": &a.enqueueRead,
		"clEnqueueWriteBuffer": &a.enqueueWrite, "clEnqueueCopyBuffer": &a.enqueueCopy, "clEnqueueFillBuffer": &a.enqueueFill,
		"clEnqueueMapBuffer": &a.enqueueMap, "clEnqueueUnmapMemObject": &a.enqueueUnmap,
		"clEnqueueMarkerWithWaitList": &a.enqueueMarker,
		"clFlush":                     &a.flush, "clFinish": &a.finish, "clWaitForEvents": &a.waitForEvents, "clReleaseEvent": &a.releaseEvent,
	} {
		if *address, err = lib.Symbol(symbol); err != nil {
			return nil, err
		}
	}
	a.createQueueWith, _ = lib.Symbol("clCreateCommandQueueWithProperties")
	return a, nil
})

// Keys of OpenCL's queries, and other constants of its header.
const (
	platformName = 0x0902

	deviceType, deviceUnits, deviceThreads, deviceLargest = 0x1000, 0x1002, 0x1004, 0x1010
	deviceAlign, deviceFloat, deviceMemory, deviceLocal   = 0x1019, 0x101B, 0x101F, 0x1023
	deviceLittle, deviceAvailable, deviceCompiler         = 0x1026, 0x1027, 0x1028
	deviceName, driverVersion, deviceVersion, deviceExt   = 0x102B, 0x102D, 0x102F, 0x1030
	deviceMajorNV, deviceMinorNV                          = 0x4000, 0x4001

	allDevices, cpuDevice, customDevice = 0xFFFFFFFF, 1 << 1, 1 << 4

	programBinarySizes, programBinaries, buildLog = 0x1165, 0x1166, 0x1183

	readWrite, hostMemory = 1 << 0, 1 << 4 // flags of a buffer
	region                = 0x1220
	mapWrite              = 1 << 1
	queuePriority         = 0x1096
	highPriority          = 1 << 0

	correctlyRounded = 1 << 7 // of deviceFloat
)

// query reads a value of an object with one of OpenCL's clGet…Info functions.
func query[T any](f, object, key uintptr, value *T) error {
	return failure(library.Call(f, object, key, unsafe.Sizeof(*value), uintptr(unsafe.Pointer(value)), 0))
}

// queryText reads text, as one line that is safe to print.
func queryText(f, object, key uintptr) string {
	var n uintptr
	if library.Call(f, object, key, 0, 0, uintptr(unsafe.Pointer(&n))) != 0 || n == 0 || n > 1<<20 {
		return ""
	}
	text := make([]byte, n)
	if library.Call(f, object, key, n, uintptr(unsafe.Pointer(&text[0])), 0) != 0 {
		return ""
	}
	return strings.TrimSpace(printable.Line(strings.TrimRight(string(text), "\x00")))
}

// code is an error of OpenCL's.
type code int32

const (
	notAvailable, allocationFailure, outOfResources, outOfHostMemory code = -2, -4, -5, -6
	eventFailed, invalidContext, invalidQueue, invalidBufferSize     code = -14, -34, -36, -61
	noPlatform, illegalAccess                                        code = -1001, -9999
)

var codeNames = map[code]string{
	-1: "device not found", notAvailable: "device not available", -3: "compiler not available",
	allocationFailure: "memory object allocation failure", outOfResources: "out of resources",
	outOfHostMemory: "out of host memory", -8: "copied memory overlaps", -11: "build program failure",
	-13: "misaligned sub-buffer", eventFailed: "an earlier command failed", -30: "invalid value",
	-33: "invalid device", invalidContext: "invalid context", invalidQueue: "invalid command queue",
	-38: "invalid memory object", -42: "invalid binary", -43: "invalid build options", -44: "invalid program",
	-45: "invalid program executable", -46: "invalid kernel name", -48: "invalid kernel",
	-49: "invalid argument index", -50: "invalid argument value", -51: "invalid argument size",
	-52: "invalid kernel arguments", -54: "invalid work group size", -55: "invalid work item size",
	invalidBufferSize: "invalid buffer size", -63: "invalid global work size",
	noPlatform: "no platform", illegalAccess: "illegal access to memory",
}

func (c code) Error() string {
	if name := codeNames[c]; name != "" {
		return fmt.Sprintf("OpenCL: %s (%d)", name, int32(c))
	}
	return fmt.Sprintf("OpenCL: error %d", int32(c))
}

// failure is the error that a function returned; nil for success.
func failure(r uintptr) error {
	if c := code(int32(r)); c != 0 {
		return c
	}
	return nil
}
