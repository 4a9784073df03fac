package spectral_test

import (
	"fmt"
	"math"

	"hfcui/spectral"
)

// Split an image at r = 4: the low-pass image has few coefficients and most of the energy, and
// low + high is the image.
func ExampleSplitter() {
	const h, w = 16, 16
	x := make([]float32, h*w)
	for i := range x {
		row, col := float64(i/w), float64(i%w)
		x[i] = float32(0.5 + 0.3*math.Cos(2*math.Pi*col/w) + 0.1*math.Cos(2*math.Pi*6*row/h))
	}
	s := spectral.NewSplitter(h, w)
	s.Load(x)
	low, high := make([]float32, h*w), make([]float32, h*w)
	s.Split(low, high, 4)

	largest := 0.0
	for i := range x {
		largest = max(largest, math.Abs(float64(low[i]+high[i]-x[i])))
	}
	energyLow, energyHigh := s.Energy(4)
	fmt.Printf("%d of %d coefficients\n", spectral.Kept(h, w, 4), h*w)
	fmt.Printf("energy fraction: low %.2f, high %.2f\n", energyLow, energyHigh)
	fmt.Println("low + high = x:", largest < 1e-6)
	// Output:
	// 45 of 256 coefficients
	// energy fraction: low 0.90, high 0.10
	// low + high = x: true
}

// Kernel smoothing lowers the roughness of a checkerboard kernel.
func ExampleSmooth() {
	w := []float32{1, -1, 1, -1, 1, -1, 1, -1, 1} // one 3×3 kernel, OIHW
	smooth := make([]float32, len(w))
	spectral.Smooth(smooth, w, 1, 1, 3, 3, 0.5)
	fmt.Printf("roughness %.2f before, %.2f after\n",
		spectral.Roughness(w, 1, 1, 3, 3), spectral.Roughness(smooth, 1, 1, 3, 3))
	// Output:
	// roughness 5.33 before, 2.40 after
}
