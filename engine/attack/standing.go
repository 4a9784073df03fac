package attack

import (
	"math"

	"hfcui/engine/measure"
	"hfcui/engine/op"
)

// standing is how a model does on an image.
type standing struct {
	wrong bool
	loss  float64
}

// worse tells whether s is worse for the model than o.
func (s standing) worse(o standing) bool {
	if s.wrong != o.wrong {
		return s.wrong
	}
	return s.loss > o.loss
}

// stand is what logits say of an image of the class label.
func stand(logits []float32, label int, l Loss) standing {
	best := measure.Argmax(logits)
	if l == LogitsRatio {
		return standing{best != label, op.LogitsRatio{}.Row(logits, label)}
	}
	top := float64(logits[best])
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z) - top)
	}
	return standing{best != label, math.Log(sum) + top - float64(logits[label])}
}

// margin is how far logits are from an answer other than label: that class's above the
// largest of the others. A mistake has none above 0.
func margin(logits []float32, label int) float64 {
	rival := math.Inf(-1)
	for k, z := range logits {
		if k != label {
			rival = max(rival, float64(z))
		}
	}
	return float64(logits[label]) - rival
}
