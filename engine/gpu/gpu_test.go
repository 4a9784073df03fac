package gpu

import (
	"testing"

	"hfcui/engine/model/modeltest"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// inFloat32 runs a test on OpenCL, in float32.
func inFloat32(t *testing.T, test func(t *testing.T, d plan.Device)) {
	test(t, New(open(t), plan.DeviceOptions{}))
}

func TestContract(t *testing.T) { inFloat32(t, plantest.Contract) }

func TestOperations(t *testing.T) {
	mostDevices(t, func(t *testing.T, d *Device) { plantest.OperationsIn(t, d, d.dtype) })
}

func TestEvaluation(t *testing.T) {
	inFloat32(t, func(t *testing.T, d plan.Device) { modeltest.Evaluation(t, d, false) })
}

func TestTraining(t *testing.T) {
	inFloat32(t, func(t *testing.T, d plan.Device) { modeltest.Training(t, d, true) })
}

func TestNetsInBF16(t *testing.T) {
	d := New(open(t), plan.DeviceOptions{DType: plan.BFloat16})
	modeltest.Rounded(t, d, plan.BFloat16, !testing.Short())
}

func TestOptimizers(t *testing.T) { inFloat32(t, modeltest.Optimizers) }

func TestSteps(t *testing.T) { inFloat32(t, modeltest.Steps) }

// rounds is the number of random programs of each kind on a device.
func rounds(d *Device) int {
	switch {
	case d.hal.Info().Private:
		return 1 // the interpreter of PTX is slow
	case testing.Short():
		return 3
	}
	return 20
}

func TestRandomPrograms(t *testing.T) {
	mostDevices(t, func(t *testing.T, d *Device) { plantest.RandomPrograms(t, d, d.dtype, rounds(d)) })
}

func TestNetsOfOddSizes(t *testing.T) {
	inFloat32(t, modeltest.OddSizes)
}
