package plantest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// Operations compares the operations, forward and backward, with reference values.
func Operations(t *testing.T, dev plan.Device) { OperationsIn(t, dev, plan.Float32) }

// OperationsIn is Operations on a device with a data type, within its ToleranceOf.
func OperationsIn(t *testing.T, dev plan.Device, dtype plan.DType) {
	tolerance := ToleranceOf(dtype)
	for _, name := range Goldens(t, "op_") {
		t.Run(name, func(t *testing.T) {
			f := Golden(t, name)
			switch kind := strings.TrimPrefix(name, "op_"); {
			case kind == "batchnorm":
				batchNorm(t, dev, f, tolerance)
			case kind == "linear_softmax":
				linearSoftmax(t, dev, f, tolerance)
			case strings.HasPrefix(kind, "conv_"):
				convolution(t, dev, f, tolerance)
			default:
				b := newBench(t, f)
				b.outputs["y"] = b.apply(map[string]op.Op{
					"maxpool_2x2":       op.MaxPool{Size: 2, Stride: 2},
					"maxpool_3x3_s2_p1": op.MaxPool{Size: 3, Stride: 2, Pad: 1},
					"avgpool_2x2":       op.AvgPool{Size: 2, Stride: 2},
					"globalavgpool":     op.GlobalAvgPool{},
					"relu":              op.ReLU{},
				}[kind], b.input("x"))
				b.backward(b.outputs["y"], b.input("dy"), "dx")
				b.compare(dev, tolerance)
			}
		})
	}
}

func convolution(t *testing.T, dev plan.Device, f *checkpoints.File, tolerance float64) {
	stride, err := strconv.Atoi(f.Metadata["stride"])
	if err != nil {
		t.Fatal(err)
	}
	pad, err := strconv.Atoi(f.Metadata["padding"])
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, f)
	dy := b.input("dy")
	conv := b.apply(op.Conv{Stride: stride, Pad: pad}, b.input("x"), b.param("w"))
	b.outputs["y"] = b.apply(op.ChannelBias{}, conv, b.param("b"))
	b.backward(conv, dy, "dx", "dw")
	b.backward(b.outputs["y"], dy, "", "db")
	b.compare(dev, tolerance)
}

// batchNorm tests training and evaluation. PyTorch's running statistics started with mean 0
// and variance 1 and were updated with this batch.
func batchNorm(t *testing.T, dev plan.Device, f *checkpoints.File, tolerance float64) {
	const epsilon, momentum = 1e-5, 0.1
	channels := len(f.Tensors["gamma"].Data)
	running := slices.Concat(f.Tensors["running_mean"].Data, f.Tensors["running_var"].Data)
	f.Tensors["running"] = &checkpoints.Tensor{Shape: []int{2, channels}, Data: running}
	b := newBench(t, f)
	x, dy, gamma, beta := b.input("x"), b.input("dy"), b.param("gamma"), b.param("beta")
	b.outputs["stats"] = b.apply(op.BatchStats{}, x)
	b.outputs["y"] = b.apply(op.BatchNorm{Epsilon: epsilon}, x, b.outputs["stats"], gamma, beta)
	b.backward(b.outputs["y"], dy, "dx", "", "dgamma", "dbeta")
	b.outputs["y_eval"] = b.apply(op.BatchNorm{Epsilon: epsilon}, x, b.param("running"), gamma, beta)
	got := b.run(dev)
	for _, name := range []string{"y", "dx", "dgamma", "dbeta", "y_eval"} {
		Close(t, name, got[name], f.Tensors[name].Data, tolerance)
	}
	n := float32(len(f.Tensors["x"].Data) / channels)
	stats := got["stats"]
	for c := range channels {
		stats[c] *= momentum
		stats[channels+c] = 1 - momentum + momentum*stats[channels+c]*n/(n-1)
	}
	Close(t, "running statistics", stats, running, tolerance)
}

// linearSoftmax tests a linear layer and cross-entropy with hard and with soft labels.
func linearSoftmax(t *testing.T, dev plan.Device, f *checkpoints.File, tolerance float64) {
	labels := f.Tensors["labels_i64"].Data
	hard := &checkpoints.Tensor{Shape: f.Tensors["probs"].Shape, Data: make([]float32, len(f.Tensors["probs"].Data))}
	for i, label := range labels {
		hard.Data[i*hard.Shape[1]+int(label)] = 1
	}
	f.Tensors["hard_labels"] = hard
	b := newBench(t, f)
	x, w, bias := b.input("x"), b.param("w"), b.param("b")
	logits := b.apply(op.Linear{}, x, w, bias)
	loss := b.apply(op.SoftmaxCrossEntropy{}, logits, b.input("hard_labels"))
	grads, err := op.Gradients(loss, x, w, bias)
	if err != nil {
		t.Fatal(err)
	}
	b.outputs["logits"], b.outputs["loss"] = logits, loss
	b.outputs["loss_soft"] = b.apply(op.SoftmaxCrossEntropy{}, logits, b.input("soft_labels"))
	b.outputs["dx"], b.outputs["dw"], b.outputs["db"] = grads[0], grads[1], grads[2]
	b.compare(dev, tolerance)
}
