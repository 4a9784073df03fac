package train

import (
	"hfcui/engine/device"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// Config says what to train on what, and how. Everything that determines the result is
// in it: the same Config with the same number of threads gives the same weights.
type Config struct {
	Net     string `json:"net"`
	Model   string `json:"model,omitempty"` // the model file whose network and weights the run starts from; "": Net, untrained
	Data    string `json:"data"`
	Epochs  int    `json:"epochs,omitempty"`
	Steps   int    `json:"steps,omitempty"` // how many steps to train, instead of Epochs
	Batch   int    `json:"batch"`
	Limit   int    `json:"limit,omitempty"` // only the first Limit training images; 0: all
	Seed    uint64 `json:"seed"`
	Threads int    `json:"threads"`
	Device  string `json:"device,omitempty"` // name, as of device.Open; "": auto
	DType   string `json:"dtype"`            // how images are stored and multiplied between layers: fp32 or bf16
	Init    string `json:"init"`             // of weights: he or xavier

	LearningRate float64 `json:"learning_rate"`        // the largest, where a schedule moves it
	Schedule     string  `json:"schedule"`             // constant, step, cosine or onecycle
	Milestones   []int   `json:"milestones,omitempty"` // epochs after which schedule step lowers the rate
	Factor       float64 `json:"factor"`               // by which it multiplies it
	Optimizer

	Input     string  `json:"input"`            // Whole, Low or High
	Radius    float64 `json:"radius,omitempty"` // of Low and High
	Normalize string  `json:"normalize"`        // of what is trained on, per image: none, max or std
	Crop      int     `json:"crop"`             // pixels of zero padding for random crops; 0: none
	Flip      bool    `json:"flip"`             // mirror half of the images left to right
	Mixup     float64 `json:"mixup"`            // α of Beta(α, α); 0: none

	ShuffleLabels bool    `json:"shuffle_labels"`  // permute the labels once
	LabelNoise    float64 `json:"label_noise"`     // share of labels that are made wrong
	Balance       bool    `json:"balance_classes"` // show every class as often as the largest

	Dropout     float64      `json:"dropout"`     // share dropped before the last fully connected layer
	FixedNorms  bool         `json:"fixed_norms"` // batch norm's γ stays 1 and its β 0
	Adversarial *Adversarial `json:"adversarial,omitempty"`

	Bands *Bands `json:"bands,omitempty"` // nil: bands are not measured
}

// total is how many steps a run has whose epochs have perEpoch.
func (c Config) total(perEpoch int) int {
	if c.Steps > 0 {
		return c.Steps
	}
	return c.Epochs * perEpoch
}

// OpenDevice opens the device that c is trained on.
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
	Low   = "low"  // the low-frequency component
	High  = "high" // the high-frequency component
)

// Adversarial training shows the net, instead of every image, the one that projected
// gradient descent finds within Epsilon of it (Madry et al. 2018). No clean images are
// mixed in.
type Adversarial struct {
	Epsilon     float64 `json:"epsilon"` // the most a pixel changes, pixels being 0 to 1
	Steps       int     `json:"steps"`
	StepSize    float64 `json:"step_size"`
	RandomStart bool    `json:"random_start"`
	// WarmUp is over how many epochs, from the first, Epsilon and StepSize grow evenly from
	// 0 to what they are: from scratch, large ones may leave nothing to be learned.
	WarmUp int `json:"warm_up,omitempty"`
	// BatchNorm says which statistics the attacked net uses: running, as in evaluation, or
	// batch, as in training. The attack leaves running statistics as they are.
	BatchNorm string `json:"bn"`
}

// PGD is the adversarial training of the paper's code: 10 steps of ε/10 from the image
// itself.
func PGD(epsilon float64) *Adversarial {
	return &Adversarial{Epsilon: epsilon, Steps: 10, StepSize: epsilon / 10, BatchNorm: "running"}
}

// Default is a plain recipe for net on data: SGD with momentum under a one-cycle rate.
func Default(net, data string) Config {
	c := Config{Net: net, Data: data, Epochs: 10, Batch: 128, Seed: 1, DType: plan.Float32.String(), Init: "he",
		Schedule: "onecycle", Factor: 0.1, Input: Whole, Normalize: "none"}
	c.Optimizer, c.LearningRate, _ = Usual("sgd")
	return c
}

// schemes are the values of Config.Init.
var schemes = map[string]nets.Scheme{"he": nets.He, "xavier": nets.Xavier}
