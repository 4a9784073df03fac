package measure

import "gonum.org/v1/gonum/stat/distuv"

// McNemar returns the two-sided p-value of McNemar's exact test: how likely two classifiers of
// the same accuracy differ so much on images that only one of them classifies correctly, gained
// of which are the one's and lost the other's.
func McNemar(gained, lost int) float64 {
	n := gained + lost
	if n == 0 {
		return 1
	}
	return min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(min(gained, lost))))
}
