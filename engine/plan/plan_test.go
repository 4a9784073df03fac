package plan_test

import (
	"testing"

	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

func TestLearner(t *testing.T) { plantest.Learner(t, plantest.Reference(), plan.Float32) }

func TestOperations(t *testing.T) { plantest.Operations(t, plantest.Reference()) }
