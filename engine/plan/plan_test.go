package plan_test

import (
	"testing"

	"hfcui/engine/plan/plantest"
)

func TestOperations(t *testing.T) { plantest.Operations(t, plantest.Reference()) }
