package lab

import (
	"hfcui/engine/dataset"
	"hfcui/engine/model"
)

// Info describes a model and the images of the selected split; names are safe to print.
type Info struct {
	Model     string // "demo" or a file's name
	Net       string // "resnet20"
	Reading   model.Reading
	Params    int
	BatchNorm bool
	FirstConv string   // "conv1.weight"
	Convs     []string // the weights of all convolutions, in PyTorch's order
	Mean, Std []float32
	Classes   []string
	Channels  int // of the model's input
	Height    int
	Width     int
	Data      string
	Split     string
	Splits    []string
	// Corruptions of the test images to choose from, and the one that is open; nil, "" and 0 if there are none.
	Corruptions []dataset.Corruption
	Corruption  string
	Severity    int
	Images      int    // in the selected split
	Labeled     bool   // the labels are the model's classes
	Unscored    string // why they are not, and accuracy is unavailable; ""
	Unlabeled   bool   // the images have no labels at all
	// DefaultModel and DefaultData report that they were not selected explicitly.
	DefaultModel, DefaultData bool
	Device                    string
	Note                      string  // caveats, e.g. that classes do not match; or ""
	MaxRadius                 float64 // radius past the corner of the model's input
	OwnRadius                 float64 // the same for images as displayed, the first where they differ in size; 0 if unknown
	MaxPreview                float64 // the larger of both
}
