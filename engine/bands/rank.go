package bands

import "hfcui/spectral"

// ranker replaces Fourier components by SVD components of matched rank, on as many threads as
// there are.
type ranker struct {
	free chan *spectral.SVD
}

func newRanker(h, w, threads int) *ranker {
	r := &ranker{make(chan *spectral.SVD, threads)}
	for range threads {
		r.free <- spectral.NewSVD(h, w)
	}
	return r
}

// replace replaces the components of x at each radius, low[i] and high[i], by those of the
// matched rank, which is written to ranks.
func (r *ranker) replace(x []float32, low, high [][]float32, ranks []int) error {
	svd := <-r.free
	defer func() { r.free <- svd }()
	if err := svd.Load(x); err != nil {
		return err
	}
	for i := range high {
		ranks[i], _ = svd.Matched(high[i])
		svd.Split(low[i], high[i], ranks[i])
	}
	return nil
}
