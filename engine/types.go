package engine

import (
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/model"
)

// Setting is what, besides image and radius, determines what a model answers.
type Setting struct {
	// Smoothing is of one convolution's kernels; its zero value is off.
	model.Smoothing
	// Normalize is what is done to every band image before the model sees it.
	Normalize bands.Normalization
	// Statistics says which mean and variance batch-norm uses.
	Statistics model.Statistics
}

// ViewRequest asks for one image of the open data set, split at radius R.
type ViewRequest struct {
	Index int
	R     float64
	By    bands.Decomposition // into low and high part
	Setting
}

// Part names a whole image or one of its two frequency components.
type Part int

// The three things a model is asked about.
const (
	Whole Part = iota
	Low
	High
)

// String returns "whole", "low" or "high".
func (p Part) String() string { return [...]string{"whole", "low", "high"}[p] }

// Prediction is a model's answer to one image.
type Prediction struct {
	Class         int       // index of the most probable class
	Probabilities []float64 // softmax, one a class
}

// Plane is an image as numbers, CHW, neither clipped nor scaled: its whole part lies in
// [0,1], its low part near it, its high part around 0.
type Plane struct {
	C, H, W int
	Pix     []float32
}

// View is what there is to see of one image at one radius. All of it may be read but not
// written to: views of the same image share memory.
type View struct {
	ViewRequest
	Title string // file name or "test 17", safe to print
	Label int    // -1 when not known
	// Pictures of the whole image and its parts, at the image's own size.
	Pictures [3]Plane
	// Spectrum is log(1+|F|) with the zero frequency in the middle, averaged over
	// channels and scaled to [0,1]; same height and width as the pictures.
	Spectrum []float32
	// MaxR is the radius past the corner of the pictures' Fourier plane.
	MaxR float64
	// Kept of Total coefficients are in the low part of the pictures: frequencies, or, by
	// SVD, singular values, whose number is the rank.
	Kept, Total int
	// EnergyLow and EnergyHigh are the shares of the energy that the pictures' parts have,
	// without the mean's; by SVD, which does not keep the mean apart, with it.
	EnergyLow, EnergyHigh float64
	// Matched is, by SVD, the share that the Fourier part at R has, the mean's counted.
	Matched float64
	// SeenKept of SeenTotal are in the low part that the model sees, which may have another
	// size than the pictures.
	SeenKept, SeenTotal int
	Predictions         [3]Prediction // by Part
	Split, Infer        time.Duration // what splitting and asking the model took
}

// Right tells whether part p is classified as labelled; false when the label is not known.
func (v *View) Right(p Part) bool { return v.Label >= 0 && v.Predictions[p].Class == v.Label }

// Flip tells whether the image is one of the paper's Fig. 2: whole and high part right,
// low part wrong.
func (v *View) Flip() bool { return v.Right(Whole) && v.Right(High) && !v.Right(Low) }

// Info describes what a Lab has open; names are safe to print.
type Info struct {
	Model      string // "demo" or a file's name
	Net        string // "resnet20"
	Params     int
	BatchNorm  bool
	FirstConv  string   // "conv1.weight"
	Convs      []string // the weights of all convolutions, in PyTorch's order
	Mean, Std  []float32
	Classes    []string
	Channels   int // what the model takes
	Height     int
	Width      int
	Data       string
	Split      string
	Splits     []string // the splits there are
	Images     int      // in the chosen split
	Labelled   bool     // whether labels are known
	Device     string
	Note       string  // a caveat to show, for instance that classes do not match; or ""
	MaxRadius  float64 // radius past the corner of the model's input
	MaxPreview float64 // the same for the largest picture of the split; ≥ MaxRadius
}

// KernelView is a convolution before and after smoothing. It may be read but not written to.
type KernelView struct {
	Model                           string // its name, safe to print
	Layer                           string // of its weights: "conv1.weight"
	Shape                           [4]int // out, in, height, width
	Rho                             float64
	DivideGain                      bool      // After is divided by 1+8·Rho
	Before, After                   []float32 // OIHW
	RoughnessBefore, RoughnessAfter float64
	ResponseBefore, ResponseAfter   []float64 // mean |DFT| per radial bin, low to high
}
