package model_test

import (
	"testing"

	"hfcui/engine/model/modeltest"
	"hfcui/engine/plan"
)

func TestEvaluation(t *testing.T) { modeltest.Evaluation(t, plan.Reference(), false) }

func TestTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	modeltest.Training(t, plan.Reference(), false)
}

func TestSteps(t *testing.T) { modeltest.Steps(t, plan.Reference()) }
