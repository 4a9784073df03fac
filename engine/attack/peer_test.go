package attack_test

import (
	"math"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/attack"
	"hfcui/engine/op"
)

// TestPeer compares attacks without random starts with a PyTorch implementation written from the
// papers, on the golden net and its eight images. In essence:
//
//	def proj(v): d = v-x; d = d.clamp(-eps, eps) if linf else d*clamp(eps/norm(d), max=1); return (x+d).clamp(0, 1)
//	def pgd():   for _ in range(steps): v = proj(v + step*unit(grad(v)))
//	def apgd():  eta = 2*eps; k = max(int(.22*N), 1)
//	             for i in range(N):
//	                 z = proj(v + eta*unit(g)); new = proj(v + .75*(z-v) + .25*(v-prev)) if i else z
//	                 prev, v = v, new; l, g = loss and gradient at v; fmax, xmax, gmax = those of the best
//	                 every k steps: red = rises <= .75*k or not reduced and last_fmax >= fmax; reduced, last_fmax = red, fmax
//	                     where red: eta /= 2; v, g = xmax, gmax
//	                     k = max(k - max(int(.03*N), 1), max(int(.06*N), 1))
//	             return of the wrong points, else of all, the one of the largest loss
//
// For every attack the file has the losses of all images and the first two adversarial examples.
func TestPeer(t *testing.T) {
	f, err := checkpoints.Open("testdata/attacks_resnet18_w8.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	target, g, labels := goldenTarget(t, "net_resnet18_w8", 8)
	x, logits := g["x"].Data, make([]float32, 8*10)
	for name, o := range map[string]attack.Options{
		"pgd_l2":        {Method: attack.PGDMethod, Norm: attack.L2, Epsilon: 0.5, Steps: 10, StepSize: 0.125},
		"apgd_ce_linf":  {Method: attack.APGDCEMethod, Epsilon: 4.0 / 255, Steps: 25},
		"apgd_ce_l2":    {Method: attack.APGDCEMethod, Norm: attack.L2, Epsilon: 0.5, Steps: 25},
		"apgd_dlr_linf": {Method: attack.APGDDLRMethod, Epsilon: 4.0 / 255, Steps: 25},
	} {
		got, _ := run(t, o, target, x, labels, nil)
		if err := target.Logits(t.Context(), logits, got, 8); err != nil {
			t.Fatal(err)
		}
		wantLosses, clean := f.Tensors[name+".loss"].Data, g["eval.logits"].Data
		for i, want := range wantLosses {
			z, before := loss(name, logits[10*i:][:10], labels[i]), loss(name, clean[10*i:][:10], labels[i])
			if math.Abs(z-float64(want)) > 0.002*math.Abs(before-float64(want)) {
				t.Errorf("%s: image %d has loss %v, %v before, and in PyTorch %v", name, i, z, before, want)
			}
		}
		images := f.Tensors[name].Data
		far, off := 0.0, 0
		for i, want := range images {
			d := math.Abs(float64(got[i] - want))
			far = max(far, d)
			if d > o.Epsilon/10 { // final losses agree to the last digit: rounding decides which is larger
				off++
			}
		}
		if off > len(images)/1000 {
			t.Errorf("%s: %d of %d pixels differ, by up to %v", name, off, len(images), far)
		}
	}
}

// loss is the loss that the attack of that name maximizes.
func loss(name string, logits []float32, label int) float64 {
	if strings.Contains(name, "dlr") {
		return op.DLR{}.Row(logits, label)
	}
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z))
	}
	return math.Log(sum) - float64(logits[label])
}
