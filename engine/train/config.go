package train

import (
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Config is the configuration of a run. It determines the result: the same Config and number of
// threads give the same weights.
type Config struct {
	Net   string `json:"net"`
	Model string `json:"model,omitempty"` // the model file whose network and weights the run starts from; "": Net, untrained
	// Mean and Std normalize the input of Model, for pixels in [0,1]: one value per channel, or one for
	// all; nil: as its file says.
	Mean   []float32 `json:"mean,omitempty"`
	Std    []float32 `json:"std,omitempty"`
	Data   string    `json:"data"`
	Epochs int       `json:"epochs,omitempty"`
	Steps  int       `json:"steps,omitempty"` // number of steps, instead of Epochs
	Batch  int       `json:"batch"`
	// Size is the side of the images trained on, and Fit how those of other sizes are made to fit; 0 and
	// "" for images of one size. Run fills them in where images differ in size.
	Size    int         `json:"size,omitempty"`
	Fit     dataset.Fit `json:"fit,omitempty"`
	Limit   int         `json:"limit,omitempty"` // only the first Limit training images; 0: all
	Seed    uint64      `json:"seed"`
	Threads int         `json:"threads"`
	Device  string      `json:"device,omitempty"` // name, as of device.Open; "": auto
	DType   string      `json:"dtype"`            // of activations: fp32, tf32 or bf16
	Init    string      `json:"init"`             // of weights: he or xavier

	// Freeze is what is not trained: FreezeBackbone, the number of the first convolution and linear
	// layers, or "" for nothing. Frozen batch norm uses its running statistics and keeps them.
	Freeze string `json:"freeze,omitempty"`

	// Keep is the maximum number of epochs whose models are kept, evenly spaced and with the last; 0:
	// none but that of the last checkpoint.
	Keep int `json:"keep,omitempty"`

	LearningRate float64 `json:"learning_rate"`        // the peak of the schedule
	Schedule     string  `json:"schedule"`             // constant, step, cosine or onecycle
	Milestones   []int   `json:"milestones,omitempty"` // epochs after which schedule step lowers the learning rate
	Factor       float64 `json:"factor"`               // of schedule step
	Optimizer

	Input     string  `json:"input"`            // Whole, Low or High
	Radius    float64 `json:"radius,omitempty"` // of Low and High
	Normalize string  `json:"normalize"`        // of training images, each by its own: none, max or std
	Crop      int     `json:"crop"`             // pixels of zero padding for random crops; 0: none
	Flip      bool    `json:"flip"`             // flip half of the images horizontally
	Mixup     float64 `json:"mixup"`            // α of Beta(α, α); 0: none

	ShuffleLabels bool    `json:"shuffle_labels"`  // permute the labels once
	LabelNoise    float64 `json:"label_noise"`     // fraction of labels replaced by wrong ones
	Balance       bool    `json:"balance_classes"` // oversample classes to the size of the largest

	Dropout     float64      `json:"dropout"`     // rate before the last fully connected layer
	FixedNorms  bool         `json:"fixed_norms"` // batch norm's γ stays 1 and its β 0
	Adversarial *Adversarial `json:"adversarial,omitempty"`

	Bands *Bands `json:"bands,omitempty"` // nil: bands are not measured
}

// total returns the number of steps of a run with epochs of perEpoch steps.
func (c Config) total(perEpoch int) int {
	if c.Steps > 0 {
		return c.Steps
	}
	return c.Epochs * perEpoch
}

// keeps reports whether the model after an epoch of so many is kept.
func (c Config) keeps(epoch, epochs int) bool {
	if c.Keep < 1 {
		return false
	}
	every := (epochs + c.Keep - 1) / c.Keep
	return epoch%every == 0 || epoch == epochs
}

// OpenDevice opens the device of c.
func (c Config) OpenDevice() (plan.Device, error) {
	dtype, err := plan.ParseDType(c.DType)
	if err != nil {
		return nil, err
	}
	return device.Open(c.Device, plan.DeviceOptions{Threads: c.Threads, DType: dtype})
}

// Values of Config.Input.
const (
	Whole = "whole"
	Low   = "low"  // low-pass images
	High  = "high" // high-pass images
)

// Adversarial configures adversarial training with PGD in L∞ (Madry et al. 2018), on adversarial
// examples only.
type Adversarial struct {
	Epsilon     float64 `json:"epsilon"` // perturbation budget, for pixels in [0,1]
	Steps       int     `json:"steps"`
	StepSize    float64 `json:"step_size"`
	RandomStart bool    `json:"random_start"`
	// WarmUp is the number of first epochs over which Epsilon and StepSize grow linearly from 0:
	// with a large ε from the start, a net may fail to learn.
	WarmUp int `json:"warm_up,omitempty"`
	// BatchNorm is the batch-norm statistics during attacks: running, as in evaluation, or batch,
	// as in training. Attacks do not update running statistics.
	BatchNorm string `json:"bn"`
}

// PGD returns the adversarial training of the paper's code: 10 steps of ε/10 without random start.
func PGD(epsilon float64) *Adversarial {
	return &Adversarial{Epsilon: epsilon, Steps: 10, StepSize: epsilon / 10, BatchNorm: "running"}
}

// Default returns a plain recipe for net on data: SGD with momentum and a one-cycle schedule.
func Default(net, data string) Config {
	c := Config{Net: net, Data: data, Epochs: 10, Batch: 128, Seed: 1, DType: plan.Float32.String(), Init: "he",
		Schedule: "onecycle", Factor: 0.1, Input: Whole, Normalize: "none"}
	c.Optimizer, c.LearningRate, _ = Usual("sgd")
	return c
}

// schemes are the values of Config.Init.
var schemes = map[string]nets.Scheme{"he": nets.He, "xavier": nets.Xavier}
