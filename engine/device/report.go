package device

import (
	"fmt"
	"strings"

	"hfcui/engine/gpu"
	"hfcui/engine/plan"
)

// Unproven says what of the devices has not been tried yet.
const Unproven = "CUDA, cuDNN and OpenCL have not run on a real GPU yet: tested with OpenCL on the CPU (PoCL), an interpreter of the CUDA kernels and a stand-in for cuDNN"

// Report is the devices of this machine, and what follows.
type Report struct {
	Found   []plan.Found
	Missing []Missing // kinds without a device
	Auto    string    // the device that auto opens
	Why     string    // what auto's choice follows from
	CuDNN   CuDNN
}

// CuDNN is NVIDIA's library, which is optional: CUDA uses it for convolutions that it does faster.
type CuDNN struct {
	Version string // e.g. "cuDNN 9.1.0"
	Path    string
	Problem string // why it is not used; "" if it is
}

// Missing is a kind without a device.
type Missing struct {
	Kind string // as in --device
	Why  string // and what to install
}

// List looks for all devices, which may take a moment: drivers are loaded.
func List() Report {
	r := drivers.report(mayHaveGPU())
	var err error
	if r.CuDNN.Version, r.CuDNN.Path, err = gpu.CuDNN(); err != nil {
		r.CuDNN.Problem = err.Error()
	}
	return r
}

func (l list) report(mayHaveGPU bool) Report {
	var r Report
	for _, d := range l {
		if d.List == nil {
			continue
		}
		found, err := d.List()
		if err != nil {
			r.Missing = append(r.Missing, Missing{d.Name, err.Error()})
		}
		r.Found = append(r.Found, found...)
	}
	r.Auto, r.Why = r.choose(mayHaveGPU)
	return r
}

// choose says what auto opens and why.
func (r *Report) choose(mayHaveGPU bool) (auto, why string) {
	var unavailable []string
	cpus := 0
	for _, d := range r.Found {
		switch {
		case d.CPU:
			cpus++
		case d.Unavailable != "":
			unavailable = append(unavailable, fmt.Sprintf("%s: %s", d.ID, d.Unavailable))
		case mayHaveGPU:
			return d.ID, "the first GPU"
		}
	}
	switch {
	case len(unavailable) > 0:
		return CPU, "no GPU can be used: " + strings.Join(unavailable, "; ")
	case !mayHaveGPU:
		return CPU, "no GPU in this machine"
	case cpus > 0:
		return CPU, "no GPU found; OpenCL on the CPU is slower"
	}
	return CPU, "no GPU found"
}
