package hal

import "hfcui/engine/gpu/source"

// Convolution is a convolution of images in NHWC, or one of its gradients, as libraries compute them:
// all arrays are of one number, sums are float32. Channels are those that are stored.
type Convolution struct {
	Result                ConvResult
	Number                source.Number
	X, Y                  [4]int // N, H, W, C of the convolution's input and output
	Taps                  [2]int // of weights [Y's C, taps, X's C / Groups]
	Groups                int
	Pad, Stride, Dilation [2]int
}

// ConvResult says which of a convolution's arrays is computed of the two others.
type ConvResult int

// The results.
const (
	ConvOutput     ConvResult = iota // y
	ConvInputGrad                    // the gradient of x, of y's
	ConvWeightGrad                   // the gradient of w, of y's
)

// String names the result.
func (r ConvResult) String() string {
	return [...]string{"forward", "backward_data", "backward_filter"}[r]
}

// Convolving is a device that has convolutions of a library, too.
type Convolving interface {
	// Library returns the library's name and version, e.g. "cuDNN 9.1.0"; "" without one. It may load
	// the library.
	Library() string
	// Convolutions returns the library's kernels for a convolution, of which the name tells one from
	// the others; none if the library has none for it. Their results do not change from run to run.
	Convolutions(c Convolution) []LibraryKernel
}

// LibraryKernel is a kernel of a library. The arguments of its launches are the spans of x, w, y and, if
// Workspace is not 0, that many bytes; Groups and Threads do not matter.
type LibraryKernel struct {
	Kernel    Kernel
	Workspace int
}
