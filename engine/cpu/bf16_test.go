package cpu

import (
	"slices"
	"testing"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/model/modeltest"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// halfDevices runs f in bf16 with every set of kernels there is for it.
func halfDevices(t *testing.T, f func(t *testing.T, d *Device)) {
	var done []*kernel.Set
	for _, s := range kernel.Sets() {
		if slices.Contains(done, s.BF16) {
			continue
		}
		done = append(done, s.BF16)
		d, err := New(Options{Threads: 2, ISA: s.Name, DType: plan.BFloat16})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(d.Name(), func(t *testing.T) { f(t, d) })
	}
}

func TestNameTellsBF16(t *testing.T) {
	d, err := New(Options{Threads: 1, ISA: "portable", DType: plan.BFloat16})
	if err != nil || d.Name() != "cpu portable bf16, 1 thread" {
		t.Errorf("%v, %v", d, err)
	}
}

// Of numbers that bf16 has, every operation gives what exact arithmetic gives, rounded when
// it is stored: by half a unit in the last of eight places, which is 2⁻⁹, up to four times
// in these programs. A sum's error is in proportion to what was summed, not to itself: hence
// twice that.
func TestRandomProgramsInBF16(t *testing.T) {
	halfDevices(t, func(t *testing.T, d *Device) { plantest.RandomPrograms(t, d, plan.BFloat16, rounds()) })
}

func TestContractInBF16(t *testing.T) {
	halfDevices(t, func(t *testing.T, d *Device) { plantest.Contract(t, d) })
}

func TestLearnerInBF16(t *testing.T) {
	halfDevices(t, func(t *testing.T, d *Device) { plantest.Learner(t, d, plan.BFloat16) })
}

func TestOperationsInBF16(t *testing.T) {
	halfDevices(t, func(t *testing.T, d *Device) { plantest.OperationsIn(t, d, plan.BFloat16) })
}

// TestTF32: the CPU computes it in float32, bit for bit, and says so.
func TestTF32(t *testing.T) {
	d, err := New(Options{Threads: 2, DType: plan.TF32})
	if err != nil {
		t.Fatal(err)
	}
	if d.Note() != "the CPU has no tf32: it computes in fp32" {
		t.Errorf("note %q", d.Note())
	}
	plantest.OperationsIn(t, d, plan.Float32)
}

// Training takes the portable kernels twenty seconds, and what is wrong with them
// evaluation and programs above would tell.
func TestNetsInBF16(t *testing.T) {
	halfDevices(t, func(t *testing.T, d *Device) { modeltest.Rounded(t, d, plan.BFloat16, d.kernels.BF16.Conv16Row != nil) })
}
