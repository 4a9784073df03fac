package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"hfcui/engine/gpu/library"
)

// calls are the addresses of the library's functions, named without their cu. Names end as the
// header of CUDA 12 maps them. The oldest driver that has all is that of CUDA 11.4.
type calls struct {
	init, driverGetVersion, getErrorName                                                 uintptr
	deviceGetCount, deviceGet, deviceGetName, deviceTotalMem, deviceGetAttribute         uintptr
	primaryRetain, primaryRelease, setCurrent, synchronize, streamPriorities, memGetInfo uintptr
	memAlloc, memFree, memHostAlloc, memFreeHost                                         uintptr
	linkCreate, linkAddData, linkComplete, linkDestroy                                   uintptr
	moduleLoadData, moduleUnload, moduleGetFunction                                      uintptr
	streamCreate, streamDestroy, streamSynchronize                                       uintptr
	memset, upload, download, copy, launchKernel                                         uintptr
	eventCreate, eventDestroy, eventRecord, eventSynchronize, eventElapsedTime           uintptr
	beginCapture, endCapture, instantiate, graphLaunch, graphDestroy, graphExecDestroy   uintptr
}

func (c *calls) table() map[string]*uintptr {
	return map[string]*uintptr{
		"cuInit": &c.init, "cuDriverGetVersion": &c.driverGetVersion, "cuGetErrorName": &c.getErrorName,
		"cuDeviceGetCount": &c.deviceGetCount, "cuDeviceGet": &c.deviceGet, "cuDeviceGetName": &c.deviceGetName,
		"cuDeviceTotalMem_v2": &c.deviceTotalMem, "cuDeviceGetAttribute": &c.deviceGetAttribute,
		"cuDevicePrimaryCtxRetain": &c.primaryRetain, "cuDevicePrimaryCtxRelease_v2": &c.primaryRelease,
		"cuCtxSetCurrent": &c.setCurrent, "cuCtxSynchronize": &c.synchronize, "cuCtxGetStreamPriorityRange": &c.streamPriorities,
		"cuMemGetInfo_v2": &c.memGetInfo, "cuMemAlloc_v2": &c.memAlloc, "cuMemFree_v2": &c.memFree,
		"cuMemHostAlloc": &c.memHostAlloc, "cuMemFreeHost": &c.memFreeHost,
		"cuLinkCreate_v2": &c.linkCreate, "cuLinkAddData_v2": &c.linkAddData, "cuLinkComplete": &c.linkComplete, "cuLinkDestroy": &c.linkDestroy,
		"cuModuleLoadData": &c.moduleLoadData, "cuModuleUnload": &c.moduleUnload, "cuModuleGetFunction": &c.moduleGetFunction,
		"cuStreamCreateWithPriority": &c.streamCreate, "cuStreamDestroy_v2": &c.streamDestroy, "cuStreamSynchronize": &c.streamSynchronize,
		"cuMemsetD8Async": &c.memset, "cuMemcpyHtoDAsync_v2": &c.upload, "cuMemcpyDtoHAsync_v2": &c.download, "cuMemcpyDtoDAsync_v2": &c.copy,
		"cuLaunchKernel": &c.launchKernel, "cuEventCreate": &c.eventCreate, "cuEventDestroy_v2": &c.eventDestroy,
		"cuEventRecord": &c.eventRecord, "cuEventSynchronize": &c.eventSynchronize, "cuEventElapsedTime": &c.eventElapsedTime,
		"cuStreamBeginCapture_v2": &c.beginCapture, "cuStreamEndCapture": &c.endCapture, "cuGraphInstantiateWithFlags": &c.instantiate,
		"cuGraphLaunch": &c.graphLaunch, "cuGraphDestroy": &c.graphDestroy, "cuGraphExecDestroy": &c.graphExecDestroy,
	}
}

// libraryNames are where NVIDIA's driver is: by the loader's rules, under WSL, in containers.
func libraryNames() []string {
	if runtime.GOOS == "windows" {
		return []string{"nvcuda.dll"}
	}
	return []string{"libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1"}
}

// machine is the machine's driver, found and started once.
var machine = sync.OnceValues(func() (Driver, error) { return openLibrary(libraryNames()...) })

// missing is the error of a machine without NVIDIA's driver.
func missing(err error) error {
	switch {
	case errors.Is(err, library.ErrUnsupported):
		return fmt.Errorf("%w: %w", ErrNoLibrary, err)
	case runtime.GOOS == "linux":
		return fmt.Errorf("%w: %w; with an NVIDIA GPU, on Debian, install nvidia-driver and libcuda1", ErrNoLibrary, err)
	}
	return fmt.Errorf("%w: %w; with an NVIDIA GPU, install its driver", ErrNoLibrary, err)
}

// openLibrary starts the first of libraries that is found.
func openLibrary(names ...string) (Driver, error) {
	lib, err := library.Open(names...)
	if err != nil {
		return nil, missing(err)
	}
	r := &real{}
	for name, address := range r.table() {
		if *address, err = lib.Symbol(name); err != nil {
			return nil, fmt.Errorf("%w: NVIDIA's driver is too old, and CUDA 11.4 or newer is needed: %w", ErrNoLibrary, err)
		}
	}
	if err := r.failure(library.Call(r.init, 0)); err != nil {
		return nil, fmt.Errorf("%w: the driver does not start: %w", ErrNoDevice, err)
	}
	return r, nil
}
