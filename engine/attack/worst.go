package attack

import (
	"math"

	"hfcui/engine/measure"
	"hfcui/engine/op"
)

// worstCase is how a model classifies one adversarial example, as compared between restarts.
type worstCase struct {
	wrong bool // misclassified
	loss  float64
}

// worse reports whether w is worse for the model than o.
func (w worstCase) worse(o worstCase) bool {
	if w.wrong != o.wrong {
		return w.wrong
	}
	return w.loss > o.loss
}

// caseOf is the case of an image of class label with those logits.
func caseOf(logits []float32, label int, l Loss) worstCase {
	best := measure.Argmax(logits)
	if l == DLR {
		return worstCase{best != label, op.DLR{}.Row(logits, label)}
	}
	top := float64(logits[best])
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z) - top)
	}
	return worstCase{best != label, math.Log(sum) + top - float64(logits[label])}
}

// margin is the logit of label minus the largest other one. It is not above 0 where the image
// is misclassified.
func margin(logits []float32, label int) float64 {
	rival := math.Inf(-1)
	for k, z := range logits {
		if k != label {
			rival = max(rival, float64(z))
		}
	}
	return float64(logits[label]) - rival
}
