package model_test

import (
	"testing"

	"hfcui/engine/model/modeltest"
	"hfcui/engine/plan/plantest"
)

func TestEvaluation(t *testing.T) { modeltest.Evaluation(t, plantest.Reference(), false) }

func TestTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	modeltest.Training(t, plantest.Reference(), false)
}

func TestSteps(t *testing.T) { modeltest.Steps(t, plantest.Reference()) }
