package gpu

import (
	"testing"

	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

func TestSplit(t *testing.T) {
	t.Run("device", func(t *testing.T) {
		plantest.Splitting(t, New(open(t), plan.DeviceOptions{}), plantest.SplitSizes)
	})
	t.Run("device bf16", func(t *testing.T) {
		plantest.Splitting(t, New(open(t), plan.DeviceOptions{DType: plan.BFloat16}), plantest.SplitSizes[:1])
	})
	t.Run("PTX", func(t *testing.T) {
		skipIfSlow(t)
		plantest.Splitting(t, interpreter(t, 80, plan.Float32), [][3]int{{2, 5, 6}, {3, 70, 9}, {1, 3, 67}})
	})
}
