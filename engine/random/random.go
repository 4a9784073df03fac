// Package random derives independent random streams from a seed and the indices of their use, e.g.
// epoch and image, so that results are reproducible.
package random

// Mix is SplitMix64's output function (Steele, Lea, Flood 2014) for the state z: a bijection that
// decorrelates neighboring z. Mix(Mix(a)+b) is the seed for a pair of numbers.
func Mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
