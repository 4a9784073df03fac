package plan_test

import (
	"testing"

	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

func TestOperations(t *testing.T) { plantest.Operations(t, plan.Reference()) }

func TestEvaluation(t *testing.T) { plantest.Evaluation(t, plan.Reference(), false) }

func TestTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	plantest.Training(t, plan.Reference(), false)
}

func TestSteps(t *testing.T) { plantest.Steps(t, plan.Reference()) }
